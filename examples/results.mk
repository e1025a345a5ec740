## results  all of that on one file of essays, as a document: the default model, then a pretrained MODEL  (hours)
#
# Each part stands in a directory of its own under OUT, since one has the settings of one model.

results: $(OUT)/results.md
	@cat $<

RESULTS_LAYER = 3
results_of = +@$(MAKE) --no-print-directory -s OUT=$(abspath $(OUT))/$(1)

.PHONY: results_default results_pretrained
results_default: | $(OUT)/settings
	$(call results_of,default) grid defaults MODEL= > /dev/null

# All but the losses, which MODEL would take days for.
results_pretrained: results_default
ifneq ($(MODEL),)
	$(call results_of,pretrained) frozen lengths probed LAYER=$(RESULTS_LAYER) LENGTHS=$(lastword $(LENGTHS)) > /dev/null
endif

$(OUT)/results.md: results_pretrained
	@./document $(OUT) '$(RESULTS_LAYER)' > $@.part
	@$(keep)

## probed   does training on help, under a head that was fitted first?  FOLDS of MODEL's LAYER
#
# Linear probing, then fine-tuning (Kumar et al. 2022): `ridge`, a head on vectors of a layer, then `tuned`, that head
# and the layers under it trained on.  `prior` is the ridge head with thresholds by the classes' shares.  Of use with
# a MODEL that was pretrained.  Labels need an order.

PROBED = --epochs 2 --lr 5e-5

probed: $(OUT)/probed.md $(OUT)/probed_paired.txt
	@cat $< && echo && cat $(word 2,$^)

probed_layer = $(or $(LAYER),$(depth),2)
$(OUT)/probed/vectors: $(OUT)/folds/$(FOLDS)
	@$(place)
	$(embed) --layer $(probed_layer) $< > $@.part
	@$(keep)

# $(1) fold: the head, then what starts from it.
define probed_rules
$(call run,probed/ridge_$(1),$(OUT)/probed/vectors,--head ridge --fold $(1))
$(call run,probed/prior_$(1),$(OUT)/probed/vectors,--head ridge --thresholds prior --fold $(1))
$(OUT)/probed/tuned_$(1).predictions: $(OUT)/probed/ridge_$(1).predictions
$(call run,probed/tuned_$(1),$(OUT)/folds/$(FOLDS),\
    -m $(OUT)/probed/ridge_$(1).model $(PROBED) --fold $(1) --seed $(folds_seed))
endef
$(foreach k,$(folds),$(eval $(call probed_rules,$k)))

$(OUT)/probed.md: $(foreach way,ridge prior tuned,$(folds:%=$(OUT)/probed/$(way)_%.tsv))
	$(call table,way,accuracy kappa=qwk macro_F1=macro_f1)

# Essay by essay: tuned against ridge.
probed_all = $(folds:%=$(OUT)/probed/$(1)_%.predictions)
$(OUT)/probed_paired.txt: $(call probed_all,tuned) $(call probed_all,ridge)
	@cat $(call probed_all,tuned) | evalm -q --against <(cat $(call probed_all,ridge)) | \
	    sed -n '/^ *these/,$$p' > $@.part
	@$(keep)

## probed   does training on help, under a head that was fitted first?  FOLDS of MODEL's LAYER
#
# Linear probing, then fine-tuning (Kumar et al. 2022): `round`, a ridge head on vectors of a layer, scores
# rounded; `prior`, the same with thresholds by the classes' shares, which leaving each essay out in turn sets; `tuned`,
# that head and the layers under it trained on.  Nothing of a fold chooses anything for it.  Of use with a MODEL that was
# pretrained.  Labels need an order.

# The head has learned already, and goes no faster than the rest.
PROBED = --epochs 2 --lr 1e-4 --head-lr 1

probed: $(OUT)/probed.md $(OUT)/probed_paired.txt
	@cat $< && echo && cat $(word 2,$^)

probed_layer = $(or $(LAYER),$(depth),2)
$(OUT)/probed/vectors: $(OUT)/folds/$(FOLDS)
	@$(place)
	$(embed) --layer $(probed_layer) $< > $@.part
	@$(keep)

# $(1) fold: the head, then what starts from it.
define probed_rules
$(call run_head,probed/round_$(1),$(OUT)/probed/vectors,--head ridge --thresholds round --fold $(1))
$(call run_head,probed/prior_$(1),$(OUT)/probed/vectors,--head ridge --fold $(1))
$(OUT)/probed/tuned_$(1).predictions: $(OUT)/probed/prior_$(1).predictions
$(call run,probed/tuned_$(1),$(OUT)/folds/$(FOLDS),\
    -m $(OUT)/probed/prior_$(1).model $(PROBED) --fold $(1) --seed $(folds_seed))
endef
$(foreach k,$(folds),$(eval $(call probed_rules,$k)))

$(OUT)/probed.md: $(foreach way,round prior tuned,$(folds:%=$(OUT)/probed/$(way)_%.tsv))
	$(call table,way,accuracy kappa=qwk macro_F1=macro_f1)

# Essay by essay: tuned against prior.
probed_all = $(folds:%=$(OUT)/probed/$(1)_%.predictions)
$(OUT)/probed_paired.txt: $(call probed_all,tuned) $(call probed_all,prior)
	@cat $(call probed_all,tuned) | evalm -q --against <(cat $(call probed_all,prior)) | \
	    sed -n '/^ *these/,$$p' > $@.part
	@$(keep)

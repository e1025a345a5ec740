## losses   which loss scores best?                       LOSSES x SEEDS
## grid     with which class weights, and which pooling?  LOSSES x WEIGHTINGS x POOLINGS x SEEDS
#
# A weighting is none, balanced or effective (fit --class-weight), or sample-balanced, sample-sqrt or
# sample-under (fit --sample).  The runs of `losses` are those of `grid` without weights, with mean pooling.
# Labels without an order: LOSSES=ce.

WEIGHTINGS = none balanced
POOLINGS = mean cls

losses grid: %: $(OUT)/%.md
	@cat $<

# Runs are named $(1) loss, $(2) weighting, $(3) pooling, $(4) seed.
weigh = $(if $(filter sample-%,$(1)),--sample $(1:sample-%=%),--class-weight $(1))
losses_run = $(call run,losses/$(1)_$(2)_$(3)_$(4),$(OUT)/split_$(4),\
    --loss $(1) $(call weigh,$(2)) --pool $(3) --seed $(4))
$(foreach l,$(LOSSES),$(foreach w,$(sort none $(WEIGHTINGS)),$(foreach p,$(sort mean $(POOLINGS)),\
    $(foreach s,$(SEEDS),$(call losses_run,$l,$w,$p,$s)))))

# The figures of all runs with the weightings $(1) and the poolings $(2).
losses_figures = $(foreach l,$(LOSSES),$(foreach w,$(1),$(foreach p,$(2),\
    $(SEEDS:%=$(OUT)/losses/$l_$w_$p_%.tsv))))

$(OUT)/losses.md: $(call losses_figures,none,mean)
	$(call table,loss - -,accuracy kappa=qwk macro_F1=macro_f1)

$(OUT)/grid.md: $(call losses_figures,$(WEIGHTINGS),$(POOLINGS))
	$(call table,loss weighting pooling,accuracy kappa=qwk macro_F1=macro_f1,-s qwk)

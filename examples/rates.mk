## rates    how fast should it learn?                     RATE_LOSSES x RATES x SEEDS

RATES = 1e-4 4e-4 1e-3 3e-3
RATE_LOSSES = ce mse

rates: $(OUT)/rates.md
	@cat $<

# $(1) loss, $(2) rate, $(3) seed
rates_run = $(call run,rates/$(1)_$(2)_$(3),$(OUT)/split_$(3),--loss $(1) --lr $(2) --seed $(3))
$(foreach l,$(RATE_LOSSES),$(foreach r,$(RATES),$(foreach s,$(SEEDS),$(call rates_run,$l,$r,$s))))

$(OUT)/rates.md: $(foreach l,$(RATE_LOSSES),$(foreach r,$(RATES),$(SEEDS:%=$(OUT)/rates/$l_$r_%.tsv)))
	$(call table,loss rate,accuracy kappa=qwk macro_F1=macro_f1)

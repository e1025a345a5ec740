## folds    how good is it over all essays?               FOLDS, each scored by a model that never saw it

FOLDS = 5

folds: $(OUT)/folds.txt
	@cat $<

folds = $(shell seq 0 $$(($(FOLDS) - 1)))
folds_seed = $(firstword $(SEEDS))
$(OUT)/folds/$(FOLDS): $(OUT)/tokens
	@$(place)
	split -q --stratify --folds $(FOLDS) --seed $(folds_seed) $< > $@.part
	@$(keep)

$(foreach k,$(folds),$(call run,folds/$(FOLDS)_$k,$(OUT)/folds/$(FOLDS),--fold $k --seed $(folds_seed)))

$(OUT)/folds.txt: $(folds:%=$(OUT)/folds/$(FOLDS)_%.predictions)
	@cat $^ | evalm -q --ci --by fold > $@.part
	@$(keep)

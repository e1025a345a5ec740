## epoch    does one epoch on 80 % of the essays do?      one run, and GATE, which fails if it is not met

GATE = accuracy=0.75

epoch: $(OUT)/epoch.txt
	@cat $<
	@evalm -q --tsv --min $(GATE) $(OUT)/epoch_1.predictions > $(OUT)/epoch_1.tsv && echo 'reached: $(GATE)'

# Nothing is chosen, so all of the 80 % are trained on; one run has all processors to itself.
epoch_seed = $(firstword $(SEEDS))
$(call run,epoch_$(epoch_seed),$(OUT)/split_$(epoch_seed),\
    --epochs 1 --keep last --threads $(shell nproc) --seed $(epoch_seed))

$(OUT)/epoch.txt: $(OUT)/epoch_$(epoch_seed).predictions
	@evalm -q $< > $@.part
	@$(keep)

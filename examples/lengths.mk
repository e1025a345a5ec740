## lengths  how much of an essay must be read?            LENGTHS x LONGS x SEEDS, and PLACEHOLDERS x SEEDS
#
# The second table has the last of LENGTHS and the first of LONGS.  Where no essay is longer, LONGS change
# nothing: `tally out/tokens` tells how long they are.  With a LAYER of a pretrained MODEL its vectors under a
# linear head are compared instead of fine-tuned models, which takes minutes instead of hours.

LENGTHS = 64 128 256 512
LONGS = head tail ends windows
PLACEHOLDERS = drop mask keep
LAYER =

of_layer = $(LAYER:%=_of_layer_%)
lengths: $(OUT)/lengths$(of_layer).md $(OUT)/placeholders$(of_layer).md
	@cat $< && echo && cat $(word 2,$^)

# A reading is named after its tokens, what happens to longer texts, and what happens to placeholders.
readings = $(foreach l,$(LENGTHS),$(LONGS:%=$l_%_drop))
treatments = $(PLACEHOLDERS:%=$(lastword $(LENGTHS))_$(firstword $(LONGS))_%)
read_as = --max-length $(word 1,$(1)) --long $(word 2,$(1)) --placeholders $(word 3,$(1))
lengths = $(OUT)/lengths$(of_layer)
$(patsubst %,$(lengths)/%/whole,$(sort $(readings) $(treatments))): $(lengths)/%/whole: $(sources)
	@$(place)
	$(tok) $(call read_as,$(subst _, ,$*)) $< $(if $(LAYER),| $(embed) --layer $(LAYER)) > $@.part
	@$(keep)

$(foreach r,$(sort $(readings) $(treatments)),$(foreach s,$(SEEDS),\
    $(call $(if $(LAYER),run_head,run),lengths$(of_layer)/$r_$s,$(lengths)/$r/split_$s,--seed $s)))

$(OUT)/lengths$(of_layer).md: $(foreach r,$(readings),$(SEEDS:%=$(lengths)/$r_%.tsv))
	$(call table,tokens long -,accuracy kappa=qwk macro_F1=macro_f1)

$(OUT)/placeholders$(of_layer).md: $(foreach r,$(treatments),$(SEEDS:%=$(lengths)/$r_%.tsv))
	$(call table,- - placeholders,accuracy kappa=qwk macro_F1=macro_f1)

## lengths  how much of an essay must be read?            LENGTHS x LONGS x SEEDS, and PLACEHOLDERS x SEEDS
#
# The second table has the last of LENGTHS and the first of LONGS.  Where no essay is longer, LONGS change
# nothing: `tally out/tokens` tells how long they are.

LENGTHS = 64 128 256 512
LONGS = head tail ends windows
PLACEHOLDERS = drop mask keep

lengths: $(OUT)/lengths.md $(OUT)/placeholders.md
	@cat $< && echo && cat $(word 2,$^)

# A reading is named after its tokens, what happens to longer texts, and what happens to placeholders.
readings = $(foreach l,$(LENGTHS),$(LONGS:%=$l_%_drop))
treatments = $(PLACEHOLDERS:%=$(lastword $(LENGTHS))_$(firstword $(LONGS))_%)
read_as = --max-length $(word 1,$(1)) --long $(word 2,$(1)) --placeholders $(word 3,$(1))
$(patsubst %,$(OUT)/lengths/%/whole,$(sort $(readings) $(treatments))): $(OUT)/lengths/%/whole: $(sources)
	@$(place)
	$(tok) $(call read_as,$(subst _, ,$*)) $< > $@.part
	@$(keep)

$(foreach r,$(sort $(readings) $(treatments)),$(foreach s,$(SEEDS),\
    $(call run,lengths/$r_$s,$(OUT)/lengths/$r/split_$s,--seed $s)))

$(OUT)/lengths.md: $(foreach r,$(readings),$(SEEDS:%=$(OUT)/lengths/$r_%.tsv))
	$(call table,tokens long -,accuracy kappa=qwk macro_F1=macro_f1)

$(OUT)/placeholders.md: $(foreach r,$(treatments),$(SEEDS:%=$(OUT)/lengths/$r_%.tsv))
	$(call table,- - placeholders,accuracy kappa=qwk macro_F1=macro_f1)

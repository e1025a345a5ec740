/* What rubric takes for granted of the machine that it is compiled for. */
#include <limits.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "rubric needs a little-endian machine: it reads and writes the numbers of streams and models "
               "as they lie in memory");
_Static_assert(CHAR_BIT == 8 && sizeof(int) == 4 && sizeof(float) == 4 && sizeof(double) == 8,
               "rubric needs bytes of 8 bits, int and float of 32, and double of 64");

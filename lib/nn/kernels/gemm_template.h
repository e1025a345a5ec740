/* Matrix products of our own, included by template.h where TILE_ROWS and TILE_VECTORS are defined.
 *
 * C [M,N] (+)= A B with B packed beforehand: the columns in panels of PANEL, each panel cut along K into
 * blocks that stay in the first cache, each block [depth][PANEL] contiguous and filled up with zeros.  A is
 * read where it lies.  A tile of C, TILE_ROWS x PANEL, is held in registers while the products of one block
 * are summed up one after the other (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008).
 *
 * An element's sum has one order, which depends on K only: neither the number of rows nor a row's place
 * changes a bit of it. */

enum {
    PANEL = TILE_VECTORS * LANES,
    DEPTH = 256,
    ROWS_AT_ONCE = 12 * TILE_ROWS,
    DEPTH_STEP = DEPTH + 16,
    GEMM_SCRATCH = ROWS_AT_ONCE * DEPTH_STEP
};

/* K in equal blocks of at most DEPTH. */
static inline size_t depth_of(size_t K)
{
    size_t blocks = (K + DEPTH - 1) / DEPTH;
    return blocks ? (K + blocks - 1) / blocks : 1;
}

static inline size_t lesser(size_t a, size_t b) { return a < b ? a : b; }

/* B [K,N], ldb: for each block of K, each panel. */
static void pack_n(float *packed, const float *B, size_t ldb, size_t N, size_t K)
{
    size_t depth = depth_of(K);
    for (size_t k = 0; k < K; k += depth)
        for (size_t n = 0; n < N; n += PANEL)
            for (size_t i = k; i < lesser(K, k + depth); i++, packed += PANEL)
                for (size_t v = 0; v < TILE_VECTORS; v++) {
                    size_t at = n + v * LANES;
                    store(packed + v * LANES, at < N ? load(B + i * ldb + at, N - at) : (vector){0}, LANES);
                }
}

/* B [N,K], ldb, read as its transpose. */
static void pack_t(float *packed, const float *B, size_t ldb, size_t N, size_t K)
{
    size_t depth = depth_of(K);
    for (size_t k = 0; k < K; k += depth) {
        size_t deep = lesser(depth, K - k);
        for (size_t n = 0; n < N; n += PANEL, packed += deep * PANEL)
            for (size_t v = 0; v < TILE_VECTORS; v++)
                for (size_t i = 0; i < deep; i += LANES) {
                    size_t at = n + v * LANES;
                    transpose(packed + i * PANEL + v * LANES, PANEL, B + at * ldb + k + i, ldb,
                              at < N ? N - at : 0, deep - i);
                }
    }
}

/* One tile: `rows` is a constant after inlining.  A's element (i, k) lies at A[i * down + k * along]. */
static inline __attribute__((always_inline)) void tile(const int rows, const int vectors, size_t depth,
                                                       const float *A, size_t down, size_t along,
                                                       const float *B, bool accumulate, float *C, size_t ldc,
                                                       size_t columns)
{
    vector sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (vector){0};
    const float *row[(TILE_ROWS + 2) / 3];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i += 3)
        row[i / 3] = A + (size_t)i * down;
    for (size_t k = 0; k < depth; k++) {
        vector b[TILE_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            b[v] = load(B + v * LANES, LANES);
        B += PANEL;
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vector a = all(row[i / 3][(size_t)(i % 3) * down]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                sum[i][v] = fused(a, b[v], sum[i][v]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < rows; i += 3)
            row[i / 3] += along;
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            size_t first = (size_t)v * LANES;
            float *to = C + (size_t)i * ldc + first;
            if (first < columns)
                store(to, accumulate ? load(to, columns - first) + sum[i][v] : sum[i][v], columns - first);
        }
}

#define TILE_OF(r)                                                                                           \
    case r:                                                                                                  \
        if (columns > LANES)                                                                                 \
            tile(r, TILE_VECTORS, depth, A, down, along, B, accumulate, C, ldc, columns);                    \
        else                                                                                                 \
            tile(r, 1, depth, A, down, along, B, accumulate, C, ldc, columns);                               \
        break;

static void tile_of(size_t rows, size_t depth, const float *A, size_t down, size_t along, const float *B,
                    bool accumulate, float *C, size_t ldc, size_t columns)
{
    switch (rows) {
        TILE_OF(1)
        TILE_OF(2)
        TILE_OF(3)
        TILE_OF(4)
        TILE_OF(5)
        TILE_OF(6)
#if TILE_ROWS > 6
        TILE_OF(7)
        TILE_OF(8)
        TILE_OF(9)
        TILE_OF(10)
        TILE_OF(11)
        TILE_OF(12)
        TILE_OF(13)
        TILE_OF(14)
#endif
    }
}

#undef TILE_OF

/* What tiles read of A, where reading it in place would keep hitting the same few sets of the first cache:
 * rows of a transposed A, a tile's columns side by side, or the rows of an A whose leading dimension is a
 * multiple of a page. */
static inline bool wants_copy(size_t down, size_t along)
{
    return along > 1 ? along >= 1024 : down % 1024 == 0;
}

static void copy_tile(float *to, const float *A, size_t down, size_t along, size_t rows, size_t depth)
{
    if (along > 1)
        for (size_t k = 0; k < depth; k++)
            for (size_t i = 0; i < rows; i += LANES)
                store(to + k * TILE_ROWS + i, load(A + k * along + i, rows - i), rows - i);
    else
        for (size_t i = 0; i < rows; i++)
            memcpy(to + i * DEPTH_STEP, A + i * down, depth * sizeof *to);
}

/* C [M,N] = A B (+ C when accumulating); `scratch` has room for GEMM_SCRATCH floats. */
static void gemm(size_t M, size_t N, size_t K, const float *A, size_t down, size_t along, const float *packed,
                 bool accumulate, float *C, size_t ldc, float *scratch)
{
    size_t depth = depth_of(K), panels = (N + PANEL - 1) / PANEL;
    bool copies = wants_copy(down, along);
    for (size_t k = 0; k < K; k += depth) {
        size_t deep = lesser(depth, K - k);
        for (size_t first = 0; first < M; first += ROWS_AT_ONCE) {
            size_t end = lesser(M, first + ROWS_AT_ONCE);
            for (size_t i = first; copies && i < end; i += TILE_ROWS)
                copy_tile(scratch + (i - first) * DEPTH_STEP, A + i * down + k * along, down, along,
                          lesser(TILE_ROWS, M - i), deep);
            for (size_t p = 0; p < panels; p++)
                for (size_t i = first; i < end; i += TILE_ROWS) {
                    size_t rows = lesser(TILE_ROWS, M - i);
                    const float *B = packed + (k * panels + p * deep) * PANEL;
                    float *to = C + i * ldc + p * PANEL;
                    if (copies)
                        tile_of(rows, deep, scratch + (i - first) * DEPTH_STEP, along > 1 ? 1 : DEPTH_STEP,
                                along > 1 ? TILE_ROWS : 1, B, accumulate || k > 0, to, ldc, N - p * PANEL);
                    else
                        tile_of(rows, deep, A + i * down + k * along, down, along, B, accumulate || k > 0, to,
                                ldc, N - p * PANEL);
                }
        }
    }
}

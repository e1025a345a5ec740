#include "train/gradient_tree.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct gradient_tree {
    const struct layout *layout;
    pthread_mutex_t lock;
    size_t shards, room;
    struct gradient **waiting; /* [2 room] a node's sum that waits for its neighbour: level by level */
    struct gradient **idle;    /* [made] */
    size_t idle_count, idle_capacity, made;
    struct gradient *sum;
};

struct gradient_tree *gradient_tree_new(const struct layout *layout, size_t shards)
{
    struct gradient_tree *m = memory_zeroed(1, sizeof *m);
    m->layout = layout;
    m->room = shards;
    m->waiting = memory_zeroed(2 * shards + 64, sizeof *m->waiting);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void gradient_tree_free(struct gradient_tree *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->idle_count; i++)
        gradient_free(m->idle[i]);
    free(m->idle);
    free(m->waiting);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void gradient_tree_start(struct gradient_tree *m, size_t shards)
{
    m->shards = shards;
    m->sum = NULL;
}

struct gradient *gradient_tree_take(struct gradient_tree *m)
{
    struct gradient *g = NULL;
    pthread_mutex_lock(&m->lock);
    if (m->idle_count > 0)
        g = m->idle[--m->idle_count];
    else
        m->made++;
    pthread_mutex_unlock(&m->lock);
    if (!g)
        return gradient_new(m->layout);
    gradient_clear(m->layout, g);
    return g;
}

static void put_idle(struct gradient_tree *m, struct gradient *g)
{
    memory_grow(&m->idle, &m->idle_capacity, m->idle_count + 1, sizeof *m->idle);
    m->idle[m->idle_count++] = g;
}

void gradient_tree_put(struct gradient_tree *m, size_t shard, struct gradient *g)
{
    size_t nodes = m->shards, base = 0; /* of the level */
    pthread_mutex_lock(&m->lock);
    for (size_t node = shard; nodes > 1; node /= 2) {
        struct gradient **place = &m->waiting[base + node / 2];
        if ((node ^ 1) < nodes) {
            if (!*place) {
                *place = g;
                pthread_mutex_unlock(&m->lock);
                return;
            }
            struct gradient *other = *place, *left = node & 1 ? other : g, *right = node & 1 ? g : other;
            *place = NULL;
            pthread_mutex_unlock(&m->lock);
            gradient_add(m->layout, left, right);
            pthread_mutex_lock(&m->lock);
            put_idle(m, right);
            g = left;
        }
        nodes = (nodes + 1) / 2;
        base += nodes;
    }
    m->sum = g;
    pthread_mutex_unlock(&m->lock);
}

struct gradient *gradient_tree_sum(struct gradient_tree *m) { return m->sum; }

void gradient_tree_return(struct gradient_tree *m, struct gradient *g) { put_idle(m, g); }

size_t gradient_tree_made(const struct gradient_tree *m) { return m->made; }

/* What a program may have: all of it must be the same with counters. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exact.h"

int part(const char *word);

static int before = -1;

__attribute__((constructor)) static void begin(void) { before = errno; }

static void *thread(void *sum)
{
    for (int i = 0; i < 9; i++) {
        if (i % 2 == 0 && i != 4)
            continue;
        *(int *)sum += i;
    }
    return NULL;
}

static const char *name(int c)
{
    switch (c) {
    case 0xAE:
        return "magic";
    case 'x':
    case 8:
        break;
    default:
        return c > 9 ? "large" : "small";
    }
    return "eight";
}

int main(int argc, char **argv)
{
    pthread_t t;
    int sum = 0;
    pthread_create(&t, NULL, thread, &sum);
    pthread_join(t, NULL);
    printf("%d %d %s %s %s %d %g\n", before, sum, name(0xAE), name(8), name(1), twice(sum), sqrt(argc * 4));
    fflush(stdout);
    if (fork() == 0) {
        printf("child %d\n", part("child"));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    if (argc == WIDTH)
        printf("never\n");
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        exit(3);
    abort();
}

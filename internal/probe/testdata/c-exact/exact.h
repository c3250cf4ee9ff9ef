#define WIDTH 0x258

static inline int twice(int n)
{
    return n > 100 ? n : 2 * n;
}

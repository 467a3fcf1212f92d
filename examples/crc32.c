/*
 * crc32.c: the CRC-32 of a file, as in zip, gzip and java.util.zip.CRC32.
 *
 *   ./linen run examples/crc32.c --map FILE
 */
#include <stddef.h>
#include <stdint.h>

struct span {
    const void *data;
    uint64_t size;
};

#define POLYNOMIAL 0xEDB88320u /* with reversed bits: the lowest bit is the highest power */

void *entry(void *argument)
{
    const struct span *file = argument;
    if (file == NULL) /* without --map there is no file */
        return (void *)-1;
    const uint8_t *bytes = file->data;

    uint32_t table[8][256]; /* [k][b]: what byte b does to the CRC k bytes later. 8 KiB, on the thread's own stack */
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        table[0][byte] = crc;
    }
    for (int later = 1; later < 8; later++)
        for (int byte = 0; byte < 256; byte++)
            table[later][byte] = table[later - 1][byte] >> 8 ^ table[0][table[later - 1][byte] & 0xFF];

    uint32_t crc = ~0u;
    uint64_t i = 0;
    for (; i + 8 <= file->size; i += 8) {
        crc ^= bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
        crc = table[7][crc & 0xFF] ^ table[6][crc >> 8 & 0xFF] ^ table[5][crc >> 16 & 0xFF] ^ table[4][crc >> 24]
            ^ table[3][bytes[i + 4]] ^ table[2][bytes[i + 5]] ^ table[1][bytes[i + 6]] ^ table[0][bytes[i + 7]];
    }
    for (; i < file->size; i++)
        crc = crc >> 8 ^ table[0][(crc ^ bytes[i]) & 0xFF];
    return (void *)(uint64_t)~crc;
}

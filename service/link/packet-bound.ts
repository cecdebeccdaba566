// Watches the packets' headers go by, so that one too large is refused before it is collected in memory.
// The MQTT library checks the size only of whole packets, and only for MQTT 5.

/** Returns a function that takes the bytes as they come and says whether a packet larger than `maxBytes` begins. */
export function createPacketBound(maxBytes: number): (chunk: Uint8Array) => boolean {
  // Fixed header: one byte of type and flags, then the remaining length, 7 bits a byte, low ones first (MQTT 5.0, 1.5.5).
  let inHeader = false;
  let length = 0;
  let factor = 1;
  let skip = 0;

  return (chunk) => {
    let at = 0;
    while (at < chunk.byteLength) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.byteLength - at);
        skip -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (!inHeader) {
        inHeader = true;
        length = 0;
        factor = 1;
        continue;
      }
      length += (byte & 0x7f) * factor;
      factor *= 128;
      if (length > maxBytes) return true;
      // A fifth byte is malformed: the library finds that out by itself.
      if (byte < 0x80 || factor > 128 ** 4) {
        inHeader = false;
        skip = length;
      }
    }
    return false;
  };
}

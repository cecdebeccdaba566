// Watches the headers of incoming packets, and refuses a packet that is too large before it is in memory. The MQTT library checks
// only the size of complete packets, and only for MQTT 5.

/** Returns a function that receives the bytes in order and tells whether a packet larger than `maxBytes` begins. */
export function createPacketBound(maxBytes: number): (chunk: Uint8Array) => boolean {
  // Fixed header: one byte of type and flags, then the remaining length with 7 bits per byte, the low bits first (MQTT 5.0, 1.5.5).
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
      // A fifth byte is malformed. The library detects that itself.
      if (byte < 0x80 || factor > 128 ** 4) {
        inHeader = false;
        skip = length;
      }
    }
    return false;
  };
}

/**
 * Entries in the order of an unsigned key of 32 bits; entries of equal keys keep their order.
 *
 * Radix sort, a byte a pass. The sort of typed arrays is as quick, but it sorts bare numbers: finding the
 * entry of each again costs more than sorting does.
 *
 * @param entries is overwritten
 */
export function radixSort(entries: Int32Array, keyOf: (entry: number) => number): Int32Array {
  const { length } = entries;
  let from = entries;
  let to: Int32Array = new Int32Array(length);
  let keys = new Int32Array(length);
  let keysTo = new Int32Array(length);
  for (let at = 0; at < length; at += 1) keys[at] = keyOf(from[at] as number);
  const places = new Int32Array(257);
  for (let shift = 0; shift < 32; shift += 8) {
    places.fill(0);
    for (let at = 0; at < length; at += 1) {
      const digit = ((keys[at] as number) >>> shift) & 0xff;
      places[digit + 1] = (places[digit + 1] as number) + 1;
    }
    if (places.includes(length)) continue;
    for (let digit = 1; digit < 256; digit += 1) {
      places[digit] = (places[digit] as number) + (places[digit - 1] as number);
    }
    for (let at = 0; at < length; at += 1) {
      const key = keys[at] as number;
      const digit = (key >>> shift) & 0xff;
      const place = places[digit] as number;
      places[digit] = place + 1;
      to[place] = from[at] as number;
      keysTo[place] = key;
    }
    [from, to] = [to, from];
    [keys, keysTo] = [keysTo, keys];
  }
  return from;
}

// Durations and sizes in words. The name of a key contains its unit: `appTimeoutMs`, `keepAliveSeconds`.

type Unit = 'milliseconds' | 'seconds' | 'bytes';

export function unitOf(name: string): Unit | undefined {
  if (name.endsWith('Ms')) return 'milliseconds';
  if (name.endsWith('Seconds')) return 'seconds';
  return name.endsWith('Bytes') ? 'bytes' : undefined;
}

/** The units with their sizes as multiples of the smallest unit, the largest first. */
const spoken: Readonly<Record<'time' | 'size', readonly (readonly [unit: string, size: number])[]>> = {
  time: [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ],
  size: [
    ['MiB', 1024 * 1024],
    ['KiB', 1024],
    ['bytes', 1],
  ],
};

const scale: Readonly<Record<Unit, number>> = { milliseconds: 1, seconds: 1000, bytes: 1 };

/** For example `10 min`; undefined if the key has no unit. */
function inWords(name: string, value: number): string | undefined {
  const unit = unitOf(name);
  if (unit === undefined) return undefined;
  const small = value * scale[unit];
  const [word, size] =
    spoken[unit === 'bytes' ? 'size' : 'time'].find(([, each]) => small % each === 0) ?? [];
  return word === undefined || size === undefined ? undefined : `${small / size} ${word}`;
}

/** For example `10 min` for `appTimeoutMs`; undefined if the words only repeat the number. */
export function spokenOf(name: string, value: number): string | undefined {
  const words = value === 0 ? undefined : inWords(name, value);
  return words?.startsWith(`${value} `) === true ? undefined : words;
}

/** For example `1 s to 24 h`. */
export function rangeInWords(name: string, least: number, most: number): string | undefined {
  const longest = inWords(name, most);
  if (longest === undefined) return undefined;
  return least === 0 ? `up to ${longest}` : `${inWords(name, least) ?? ''} to ${longest}`;
}

/** The units that people write, in lower case, with their sizes: decimal for `MB`, binary for `MiB`. */
const written: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const writtenSizes: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 * 1024,
  mb: 1_000_000,
  mib: 1024 * 1024,
};

/** The number that `5s`, `2 min`, `1MB`, `1_000` or `1e3` means for this key. */
export function numberMeant(name: string, text: string): number | undefined {
  const plain = text.trim().replace(/(?<=\d)[_' ](?=\d{3}(\D|$))/g, '');
  if (/^-?\d+(\.0+)?(e\d{1,2})?$/i.test(plain) || /^0x[0-9a-f]{1,8}$/i.test(plain)) return Number(plain);
  const [, digits = '', word = ''] = /^(\d{1,12}(?:\.\d{1,6})?) ?([a-z]{1,3})$/i.exec(plain) ?? [];
  const unit = unitOf(name);
  if (unit === undefined) return undefined;
  const each = (unit === 'bytes' ? writtenSizes : written)[word.toLowerCase()];
  const value = each === undefined ? NaN : (Number(digits) * each) / scale[unit];
  return Number.isInteger(value) ? value : undefined;
}

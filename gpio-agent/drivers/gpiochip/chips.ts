// Lists the GPIO chips of the machine, and finds one by number, path or label.
import { readdirSync } from 'node:fs';
import { codeOf, messageOf } from '../../../service/log.ts';
import { HardwareError } from '../driver.ts';
import type { Kernel } from './kernel.ts';
import { chipInfoOf, requests, sizes } from './uapi.ts';

export interface Chip {
  /** `/dev/gpiochip0` */
  readonly path: string;
  readonly label: string;
  readonly lines: number;
}

/** Labels that the kernel's drivers give to chips with the 40-pin header (drivers/pinctrl). */
export const raspberryPiLabels: readonly string[] = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835'];

/** Paths of all GPIO chips, by number. */
export function chipPaths(folder = '/dev'): readonly string[] {
  const numberOf = (name: string) => Number(/^gpiochip(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  try {
    return readdirSync(folder)
      .filter((name) => !Number.isNaN(numberOf(name)))
      .toSorted((one, other) => numberOf(one) - numberOf(other))
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

/** `/dev/gpiochip0 [pinctrl-bcm2711, 58 lines]` */
export function describeChip({ path, label, lines }: Chip): string {
  return `${path} [${label}, ${lines} lines]`;
}

/** Opens a chip. The caller closes `fd`. @throws HardwareError */
export function openChip(kernel: Kernel, path: string): { readonly fd: number; readonly chip: Chip } {
  let fd: number;
  try {
    fd = kernel.open(path);
  } catch (error) {
    throw new HardwareError(`${path} cannot be opened: ${whyNot(path, error)}`);
  }
  try {
    const buffer = Buffer.alloc(sizes.chipInfo);
    kernel.ioctl(fd, requests.chipInfo, buffer);
    const { label, lines } = chipInfoOf(buffer);
    return { fd, chip: { path, label, lines } };
  } catch (error) {
    kernel.close(fd);
    throw new HardwareError(
      `${path} is not a usable GPIO chip (${messageOf(error)}); GPIO chips are /dev/gpiochip0 and so on, on Linux 5.10 and later`,
    );
  }
}

function whyNot(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM')
    return `no permission (${code}). Put the user into the group of ${path} (on Raspberry Pi OS: sudo usermod -aG gpio $USER) and log in again; in a container pass --device ${path} and --group-add with the number of that group`;
  if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
    return `there is no such chip (${code}). ls /dev/gpiochip* lists the chips; pass a chip to a container with --device`;
  return messageOf(error);
}

/** The chips that can be opened, and the errors of the others. */
export function listChips(
  kernel: Kernel,
  paths: readonly string[],
): { readonly chips: readonly Chip[]; readonly problems: readonly HardwareError[] } {
  const chips: Chip[] = [];
  const problems: HardwareError[] = [];
  for (const path of paths) {
    try {
      const { fd, chip } = openChip(kernel, path);
      kernel.close(fd);
      chips.push(chip);
    } catch (error) {
      if (!(error instanceof HardwareError)) throw error;
      problems.push(error);
    }
  }
  return { chips, problems };
}

/**
 * Finds the path of a chip.
 * @param wanted its number, path or label. Absent: the header of the Raspberry Pi, or else the only chip
 * @throws HardwareError that lists the chips
 */
export function findChip(kernel: Kernel, wanted: string | undefined, paths: readonly string[]): string {
  if (wanted?.startsWith('/') === true) return wanted;
  if (wanted !== undefined && /^\d+$/.test(wanted)) return `/dev/gpiochip${wanted}`;

  const { chips, problems } = listChips(kernel, paths);
  // If some chip could not be opened, the remaining one is not the only one.
  const only = chips.length === 1 && problems.length === 0 ? chips[0] : undefined;
  const found =
    wanted === undefined
      ? (raspberryPiLabels
          .map((label) => chips.find((chip) => chip.label === label))
          .find((chip) => chip !== undefined) ?? only)
      : chips.find(({ label, path }) => label === wanted || path === `/dev/${wanted}`);
  if (found !== undefined) return found.path;
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  const list = chips.map(describeChip).join(', ');
  throw new HardwareError(
    wanted === undefined
      ? `which GPIO chip? ${chips.length === 0 ? 'This machine has none' : `This machine has several, and none of them is known to be that of a header: ${list}`}. Set agent.chip`
      : `no GPIO chip is labelled ${JSON.stringify(wanted)}; ${chips.length === 0 ? 'this machine has no chips' : `the chips are ${list}`}. Check agent.chip. If the chip was unplugged, plug it in: the agent finds it again`,
  );
}

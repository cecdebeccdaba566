// Compares the bytes that the driver gpiochip exchanges with the kernel with the C compiler and header of this machine.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  flags,
  lineFdOf,
  lineRequest,
  lineValues,
  requests,
  sizes,
} from '../../gpio-agent/drivers/gpiochip/uapi.ts';

const header = '#include <linux/gpio.h>\n';
const hasHeader =
  spawnSync('cc', ['-fsyntax-only', '-x', 'c', '-'], { input: header, stdio: ['pipe', 'ignore', 'ignore'] })
    .status === 0;

const expressions: Readonly<Record<string, string>> = {
  'sizes.chipInfo': 'sizeof(struct gpiochip_info)',
  'sizes.lineInfo': 'sizeof(struct gpio_v2_line_info)',
  'sizes.lineRequest': 'sizeof(struct gpio_v2_line_request)',
  'sizes.lineValues': 'sizeof(struct gpio_v2_line_values)',
  'sizes.lineEvent': 'sizeof(struct gpio_v2_line_event)',
  'requests.chipInfo': 'GPIO_GET_CHIPINFO_IOCTL',
  'requests.lineInfo': 'GPIO_V2_GET_LINEINFO_IOCTL',
  'requests.line': 'GPIO_V2_GET_LINE_IOCTL',
  'requests.getValues': 'GPIO_V2_LINE_GET_VALUES_IOCTL',
  'requests.setValues': 'GPIO_V2_LINE_SET_VALUES_IOCTL',
  'flags.activeLow': 'GPIO_V2_LINE_FLAG_ACTIVE_LOW',
  'flags.input': 'GPIO_V2_LINE_FLAG_INPUT',
  'flags.output': 'GPIO_V2_LINE_FLAG_OUTPUT',
  'flags.edgeRising': 'GPIO_V2_LINE_FLAG_EDGE_RISING',
  'flags.edgeFalling': 'GPIO_V2_LINE_FLAG_EDGE_FALLING',
  'flags.biasPullUp': 'GPIO_V2_LINE_FLAG_BIAS_PULL_UP',
  'flags.biasPullDown': 'GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN',
  'flags.biasDisabled': 'GPIO_V2_LINE_FLAG_BIAS_DISABLED',
};

describe.skipIf(!hasHeader)(
  `the layout (${hasHeader ? 'of linux/gpio.h' : 'skipped: cc or linux/gpio.h is missing'})`,
  () => {
    let folder: string;
    const run = (body: string, input?: Uint8Array): string => {
      const source = join(folder, 'probe.c');
      writeFileSync(
        source,
        `${header}#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n${body}\nreturn 0;\n}\n`,
      );
      execFileSync('cc', ['-Wall', '-Werror', '-o', join(folder, 'probe'), source]);
      return execFileSync(join(folder, 'probe'), { ...(input && { input }) }).toString();
    };

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'gpio-uapi-'));
      return () => rmSync(folder, { recursive: true });
    });

    test('has the sizes, request numbers and flags of the header', () => {
      const printed = run(
        Object.entries(expressions)
          .map(([name, expression]) => `printf("${name} %lu\\n", (unsigned long)(${expression}));`)
          .join('\n'),
      );
      const ownNumbers = { sizes, requests, flags };
      const expected = Object.entries(ownNumbers).flatMap(([group, values]) =>
        Object.entries(values).map(([name, value]) => `${group}.${name} ${value}`),
      );
      expect(printed.trim().split('\n').toSorted()).toEqual(expected.toSorted());
    });

    const readRequest = `struct gpio_v2_line_request r; if (read(0, &r, sizeof r) != sizeof r) return 1;`;
    const printRequest = `printf("%u %s %llu %u %u %u %llu %llu", r.offsets[0], r.consumer, (unsigned long long)r.config.flags,
      r.num_lines, r.event_buffer_size, r.config.num_attrs, (unsigned long long)r.config.attrs[0].attr.values,
      (unsigned long long)r.config.attrs[0].mask);`;

    test('of a request for an input is what C reads', () => {
      const request = lineRequest({
        offset: 17,
        consumer: 'release-button main',
        flags: flags.input | flags.biasPullUp,
      });
      expect(run(readRequest + printRequest, request)).toBe('17 release-button main 260 1 1024 0 0 0');
    });

    test('of a request for an output has the first level, and shortens a consumer that is too long', () => {
      const request = lineRequest({ offset: 3, consumer: 'x'.repeat(40), flags: flags.output, value: true });
      expect(run(readRequest + printRequest, request)).toBe(`3 ${'x'.repeat(31)} 8 1 0 1 1 1`);
      expect(
        run(
          `${readRequest}printf("%u", r.config.attrs[0].attr.id == GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);`,
          request,
        ),
      ).toBe('1');
    });

    test('of the answer has the descriptor where C puts it', () => {
      const requestBytes = run(
        `struct gpio_v2_line_request r = { .fd = 42 }; fwrite((char *)&r + ${sizes.lineRequest - 4}, 1, 4, stdout);`,
      );
      const answer = lineRequest({ offset: 0, consumer: '', flags: 0 });
      answer.write(requestBytes, sizes.lineRequest - 4, 'latin1');
      expect(lineFdOf(answer)).toBe(42);
    });

    test('of values is a bit and its mask', () => {
      const read = `struct gpio_v2_line_values v; if (read(0, &v, sizeof v) != sizeof v) return 1; printf("%llu %llu", (unsigned long long)v.bits, (unsigned long long)v.mask);`;
      expect(run(read, lineValues(true))).toBe('1 1');
      expect(run(read, lineValues(false))).toBe('0 1');
    });
  },
);

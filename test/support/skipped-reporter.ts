// Lists the skipped tests at the end of a run. The name of a skipped test contains the reason.
import type { Reporter, TestModule } from 'vitest/node';
import { unfitFor } from './platforms.ts';

export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const names = [
      ...unfitFor(process.platform).map(({ file, reason }) => `${file}: all of it, since ${reason}`),
      ...modules.flatMap((module) =>
        [...module.children.allTests('skipped')].map(
          (test) => `${module.relativeModuleId}: ${test.fullName}`,
        ),
      ),
    ];
    if (names.length === 0) return;
    process.stdout.write(`\nskipped (${names.length}):\n${names.map((name) => `  ${name}\n`).join('')}`);
  }
}

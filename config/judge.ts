// Judges the values that were read: with the schemas and checks of their sections, and by what the process requires.
import type { GivenByPath } from './given.ts';
import { formatPath, type Problem } from './problems/problem.ts';
import { findingProblem, issueProblems, withoutEchoes, type Context } from './problems/schema-problems.ts';
import type { Section } from './section.ts';
import type { Leaf, SectionName } from './sections.ts';

export function judge(sections: ReadonlyMap<SectionName, Section>, context: Context) {
  const config: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const prefix = context.given.get('mqtt.topicPrefix')?.value;
  for (const [name, section] of sections) {
    const { value, issues, findings } = section.judge({
      valueOf: (path) => context.given.get(formatPath([name, ...path]))?.value,
      isReported: (path) => context.reported.has(formatPath([name, ...path])),
      topicPrefix: typeof prefix === 'string' ? prefix : undefined,
    });
    config[name] = value;
    problems.push(...issueProblems(name, issues, context));
    if (context.isFileUnreadable) continue;
    for (const finding of withoutEchoes(findings, issues)) {
      const problem = findingProblem(name, finding, context);
      if (finding.severity === 'error') problems.push(problem);
      else warnings.push(`${problem.key} (${problem.origin}): ${problem.message}; ${problem.remedy}`);
    }
  }
  return { config, problems, warnings };
}

/** The first setting of the alternatives says what to do. */
export function missing(
  alternatives: readonly (readonly string[])[],
  leaves: readonly Leaf[],
  given: GivenByPath,
): Problem[] {
  const isSet = (path: string) => given.get(path)?.value !== undefined;
  const lacking = alternatives.filter((paths) => !paths.some(isSet)).map(([first]) => first);
  return leaves
    .filter(({ path }) => lacking.includes(path))
    .map(({ path, setting }) => ({
      key: path,
      origin: 'not set anywhere',
      message: 'is missing',
      remedy: setting.whenMissing ?? `set ${path}`,
    }));
}

// Writes the rights that Home Assistant needs at the broker, as a table, to docs/home-assistant-discovery.md.
import { withGeneratedPart } from './generated-part.ts';
import { agentAvailability } from '../messages/agent.ts';
import { buttonEvent, buttonSignal, buttonState } from '../messages/button.ts';
import { app, drift } from '../messages/drift.ts';
import { freezeState, workerFreezeSet } from '../messages/freeze.ts';
import { discoveryConfig } from '../messages/home-assistant.ts';
import { ledIdentify, ledSet, ledState } from '../messages/led.ts';
import { buttonPress, buttonResult } from '../messages/press.ts';
import { releaseEvent, releaseLast } from '../messages/release.ts';
import { workerAvailability } from '../messages/worker.ts';

interface Row {
  readonly template: string;
  readonly about: { readonly summary: string };
}

/** Rows below our prefix that the announced entities read. */
export const subscribed: readonly Row[] = [
  agentAvailability,
  workerAvailability,
  buttonEvent,
  buttonState,
  buttonSignal,
  buttonResult,
  ledState,
  drift,
  app,
  releaseEvent,
  releaseLast,
  freezeState,
];

/** Rows below our prefix that the announced entities publish to. */
export const published: readonly Row[] = [buttonPress, workerFreezeSet, ledSet, ledIdentify];

export const rightsPagePath = 'docs/home-assistant-discovery.md';

/** @param page the current docs/home-assistant-discovery.md @throws Error if its markers are missing */
export function renderRights(page: string): string {
  const line = (may: string, topic: string, summary: string) => `| ${may} | \`${topic}\` | ${summary} |`;
  const ours = (may: string) => (row: Row) =>
    line(may, `P/${row.template.replaceAll(/<\w+>/g, '+')}`, row.about.summary);
  return withGeneratedPart(
    rightsPagePath,
    page,
    [
      '<!-- prettier-ignore-start -->',
      '',
      '| may | topic | what |',
      '| --- | --- | --- |',
      ...subscribed.map(ours('subscribe')),
      line(
        'subscribe',
        'homeassistant/#',
        `\`homeassistant/${discoveryConfig.template}\`: ${discoveryConfig.about.summary} Home Assistant listens to the topics of every platform below its discovery prefix.`,
      ),
      ...published.map(ours('publish')),
      line('publish', 'homeassistant/status', 'The birth message and the last will of Home Assistant.'),
      '',
      '<!-- prettier-ignore-end -->',
      '',
    ].join('\n'),
  );
}

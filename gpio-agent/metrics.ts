// The metrics of the agent. Labels have only values from the configuration and the code. Known series start at 0, so that
// the first press is an increase. No timers.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Gesture } from '../messages/gesture.ts';
import type { AgentConfig } from './options.ts';

/** Why the broker did not get a press: the reason of the link, or the press could not be handed to the link. */
const dropReasons = ['refused', 'timed-out', 'not-connected', 'error'] as const;
type DropReason = (typeof dropReasons)[number];

export interface AgentMetrics {
  press(button: string, gesture: Gesture): void;
  dropped(button: string, reason: DropReason): void;
  unanswered(button: string): void;
  bounces(button: string, count: number): void;
  lostEdges(button: string, count: number): void;
  gap(ms: number): void;
  stuck(button: string, yes: boolean): void;
  lightOffline(led: string, yes: boolean): void;
}

export function agentMetrics(
  registry: Registry,
  config: {
    readonly buttons: readonly Pick<AgentConfig['buttons'][number], 'id' | 'gestures'>[];
    readonly leds: readonly Pick<AgentConfig['leds'][number], 'id'>[];
  },
): AgentMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `release_button_agent_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `release_button_agent_${name}`, help, labelNames, registers });

  const presses = counter(
    'presses_total',
    'Gestures that the agent recognised and tried to send as presses.',
    'button',
    'gesture',
  );
  const dropped = counter(
    'dropped_presses_total',
    'Presses that the broker did not accept in time. The agent does not send them later.',
    'button',
    'reason',
  );
  const unanswered = counter(
    'unanswered_presses_total',
    'Presses that the broker accepted and that an online worker did not answer in time.',
    'button',
  );
  const bounces = counter(
    'bounces_total',
    'Level changes of a button that were shorter than its debounce time.',
    'button',
  );
  const lostEdges = counter(
    'lost_edges_total',
    'Edges that the kernel dropped because they arrived faster than the agent read them.',
    'button',
  );
  const gaps = counter(
    'gaps_total',
    'How often the machine slept, or the agent did not read sampled pins for so long that it may have missed a short press.',
  );
  const gapSeconds = counter('gap_seconds_total', 'Total length of these gaps.');
  const stuck = gauge(
    'button_stuck',
    '1 while the agent ignores a button because it has been held for too long, else 0.',
    'button',
  );
  const lightOffline = gauge(
    'light_offline',
    '1 while a light shows offline, because the broker or the worker that it follows is gone, else 0.',
    'led',
  );

  for (const { id: button, gestures } of config.buttons) {
    for (const gesture of gestures) presses.inc({ button, gesture }, 0);
    for (const reason of dropReasons) dropped.inc({ button, reason }, 0);
    for (const each of [unanswered, bounces, lostEdges]) each.inc({ button }, 0);
    stuck.set({ button }, 0);
  }
  for (const { id: led } of config.leds) lightOffline.set({ led }, 1);

  return {
    press: (button, gesture) => presses.inc({ button, gesture }),
    dropped: (button, reason) => dropped.inc({ button, reason }),
    unanswered: (button) => unanswered.inc({ button }),
    bounces: (button, count) => bounces.inc({ button }, count),
    lostEdges: (button, count) => lostEdges.inc({ button }, count),
    gap: (ms) => {
      gaps.inc();
      gapSeconds.inc(ms / 1000);
    },
    stuck: (button, yes) => stuck.set({ button }, yes ? 1 : 0),
    lightOffline: (led, yes) => lightOffline.set({ led }, yes ? 1 : 0),
  };
}

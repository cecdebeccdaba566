// What the agent counts.
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Gesture } from '../messages/gesture.ts';

export interface AgentMetrics {
  press(button: string, gesture: Gesture): void;
  dropped(button: string, reason: string): void;
  unanswered(button: string): void;
  bounces(button: string, count: number): void;
  lostEdges(button: string, count: number): void;
}

export function agentMetrics(registry: Registry): AgentMetrics {
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name: `release_button_agent_${name}`, help, labelNames, registers: [registry] });
  const presses = counter('presses_total', 'Gestures that were to be sent as presses.', [
    'button',
    'gesture',
  ]);
  const dropped = counter('dropped_presses_total', 'Presses that the broker did not take in time.', [
    'button',
    'reason',
  ]);
  const unanswered = counter(
    'unanswered_presses_total',
    'Presses that the broker took and no worker answered.',
    ['button'],
  );
  const bounces = counter('bounces_total', 'Levels of a button that did not last for its debounce time.', [
    'button',
  ]);
  const lostEdges = counter(
    'lost_edges_total',
    'Edges that the kernel had to drop because they came faster than they were read.',
    ['button'],
  );
  return {
    press: (button, gesture) => presses.inc({ button, gesture }),
    dropped: (button, reason) => dropped.inc({ button, reason }),
    unanswered: (button) => unanswered.inc({ button }),
    bounces: (button, count) => bounces.inc({ button }, count),
    lostEdges: (button, count) => lostEdges.inc({ button }, count),
  };
}

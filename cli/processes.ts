// The configuration sections and the default health port of each process.
import type { SectionName } from '../config/sections.ts';

/** The port of health and metrics on `health.host` if `health.port` is not set. */
export const healthPorts = {
  start: 9881,
  broker: 9881,
  'gpio-agent': 9882,
  'release-worker': 9883,
  'home-assistant': 9884,
  'argocd-simulator': 9886,
} as const;

export type ProcessName = keyof typeof healthPorts;

export const processSections = {
  start: ['mqtt', 'log', 'health', 'broker', 'agent', 'worker', 'argocd', 'homeAssistant', 'simulator'],
  broker: ['log', 'health', 'broker'],
  'gpio-agent': ['mqtt', 'log', 'health', 'agent'],
  'release-worker': ['mqtt', 'log', 'health', 'worker', 'argocd'],
  'home-assistant': ['mqtt', 'log', 'health', 'homeAssistant'],
  'argocd-simulator': ['log', 'health', 'simulator'],
} as const satisfies Readonly<Record<ProcessName, readonly SectionName[]>>;

export function processNamed(name: string): ProcessName | undefined {
  return processNames.find((known) => known === name);
}
export const processNames = [
  'start',
  'broker',
  'gpio-agent',
  'release-worker',
  'home-assistant',
  'argocd-simulator',
] as const;

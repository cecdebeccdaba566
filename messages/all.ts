// Every row of the contract, for documents, access rules and tests. A process imports only the rows that it uses.
import { agentAvailability, agentInfo } from './agent.ts';
import { buttonArm, buttonEvent, buttonSignal, buttonState } from './button.ts';
import { app, drift } from './drift.ts';
import { freezeSet, freezeState, workerFreezeSet } from './freeze.ts';
import { ledIdentify, ledSet, ledState } from './led.ts';
import { buttonPress, buttonResult } from './press.ts';
import { releaseCurrent, releaseEvent, releaseLast, releaseTerminate } from './release.ts';
import { reply } from './requests.ts';
import { workerAvailability, workerInfo } from './worker.ts';

export const channels = {
  buttonPress,
  buttonResult,
  buttonEvent,
  buttonState,
  buttonSignal,
  buttonArm,
  ledSet,
  ledIdentify,
  ledState,
  agentAvailability,
  agentInfo,
  workerAvailability,
  workerInfo,
  drift,
  app,
  releaseEvent,
  releaseCurrent,
  releaseLast,
  releaseTerminate,
  freezeSet,
  workerFreezeSet,
  freezeState,
  reply,
} as const;

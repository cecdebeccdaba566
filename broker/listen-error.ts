// The error for an address that the broker refuses to listen on.
import { hostInUrl } from '../config/host.ts';
import { ListenError } from '../service/listen.ts';

/** The address is beyond loopback, but no client has to log in. */
export function exposedError(host: string, port: number): ListenError {
  return new ListenError({
    code: 'EXPOSED',
    message:
      `The MQTT broker will not listen on ${hostInUrl(host)}:${port}: anybody who reaches that address could press the button, ` +
      'since the broker asks for no user name. Set broker.host to 127.0.0.1, or use a broker with users by mqtt.url. ' +
      'If everybody on that network may press, set broker.allowAnonymousBeyondLoopback to true.',
  });
}

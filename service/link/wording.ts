// Describes the end of a connection: what was tried, what came back, and what a person can do. `; ` separates the remedy, because
// doctor shows it on its own.
import { sessionTakenOver } from './refusal.ts';
import type { CloseReason } from './wire.ts';

/** The address of the broker without the credentials that a URL may carry, for logs. */
export function brokerAddress(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

export function describeClose(reason: CloseReason, url: URL): string {
  const at = brokerAddress(url);
  if (reason.reached === 'accepted') return describeLoss(reason, at);
  if (reason.connack !== undefined)
    return `the broker at ${at} refused the connection: ${refusal(reason.connack)}`;
  switch (reason.reached) {
    case 'nothing':
      return `the broker at ${at} cannot be reached: ${unreachable(reason, url.hostname)}`;
    case 'tcp':
      return `no encrypted connection to the broker at ${at}: ${insecure(reason)}`;
    case 'transport':
      return `${silence(reason, at)}: is it an MQTT broker, and are the port and the scheme of mqtt.url right (mqtt:// plain, mqtts:// encrypted)?`;
  }
}

function describeLoss(reason: CloseReason, at: string): string {
  if (reason.disconnect !== undefined)
    return `the broker at ${at} ended the connection: ${farewell(reason.disconnect)}`;
  switch (reason.because ?? 'lost') {
    case 'no-answer':
      return `the broker at ${at} no longer answers (no reply to a keep-alive ping)`;
    case 'unacknowledged':
      return `the broker at ${at} has not acknowledged ${reason.error ?? 'a message'} in time: the connection was cut, so that nothing arrives late`;
    case 'too-large':
      return `the broker at ${at} sent a packet of more than 1 MiB: the connection was cut`;
    case 'not-mqtt':
      return `the broker at ${at} sent something that is not MQTT (${reason.error ?? 'no details'}): the connection was cut`;
    case 'lost':
      return `the connection to the broker at ${at} was lost${detail(reason)}`;
  }
}

function silence(reason: CloseReason, at: string): string {
  switch (reason.because ?? 'closed') {
    case 'no-answer':
      return `the server at ${at} did not answer within 10 s`;
    case 'not-mqtt':
    case 'too-large':
    case 'unacknowledged':
      return `the server at ${at} answered with something that is not MQTT${detail(reason)}`;
    case 'closed':
      return `the server at ${at} closed the connection without an MQTT answer${detail(reason)}`;
  }
}

function unreachable(reason: CloseReason, host: string): string {
  switch (reason.code ?? '') {
    case 'ECONNREFUSED':
      return 'nothing listens there (ECONNREFUSED); is the broker running, and is mqtt.url right?';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved (${reason.code}); is mqtt.url right, and does DNS work on this machine?`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no route to this host (${reason.code}); is this machine on the network, and is mqtt.url right?`;
    default:
      return reason.because === 'no-answer' || reason.code === 'ETIMEDOUT'
        ? 'no answer within 10 s; is the host up, and does a firewall block the connection?'
        : `${reason.error ?? 'the connection was closed'}; is the broker running, and is mqtt.url right?`;
  }
}

// Node's names for OpenSSL's verification errors: nodejs.org/api/tls.html, "X509 certificate error codes".
function insecure(reason: CloseReason): string {
  const { code = '', error = 'the connection was closed' } = reason;
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate is not signed by an authority known here (${code}); set mqtt.caFile to the certificate (PEM) of the authority that signed it`;
    case 'CERT_HAS_EXPIRED':
      return `its certificate has expired (${code}); renew it, or correct the clock of this machine`;
    case 'CERT_NOT_YET_VALID':
      return `its certificate is not valid yet (${code}); check the clock of this machine`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for another name (${code}); write the host in mqtt.url as the certificate names it`;
    default:
      return reason.because === 'no-answer'
        ? 'no answer to the TLS greeting within 10 s; does this port use TLS? If not, write mqtt:// in mqtt.url'
        : `${error}${code === '' || error.includes(code) ? '' : ` (${code})`}; does this port use TLS? If not, write mqtt:// in mqtt.url`;
  }
}

function detail(reason: CloseReason): string {
  return reason.error === undefined ? '' : ` (${reason.error})`;
}

// Return codes of MQTT 3.1.1 (3.2.2.3) and reason codes of MQTT 5.0 (3.2.2.2).
function refusal(code: number): string {
  switch (code) {
    case 1:
    case 0x84:
      return 'it does not speak this version of MQTT (3.1.1 or 5 is needed)';
    case 2:
    case 0x85:
      return 'it does not accept the client id; check mqtt.topicPrefix and the id of this agent or worker';
    case 3:
    case 0x88:
    case 0x89:
      return 'it is not available now; wait, or read the log of the broker';
    case 4:
    case 0x86:
      return 'wrong user name or password; set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE)';
    case 5:
    case 0x87:
      return 'not authorised; set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE), or allow this client on the broker';
    case 0x97:
    case 0x9f:
      return 'it has too many connections already; wait, or raise the limit of the broker';
    default:
      return `code ${hex(code)}; the log of the broker may say more`;
  }
}

// MQTT 5.0, 3.14.2.1.
function farewell(code: number): string {
  switch (code) {
    case 0:
      return 'it gave no reason';
    case 0x87:
      return 'not authorised (0x87); its access rules do not allow what this client did';
    case 0x8b:
      return 'it is shutting down (0x8b)';
    case 0x8d:
      return 'it has heard nothing from us for too long (0x8d)';
    case sessionTakenOver:
      return 'another client has connected under our client id (0x8e); is this process running twice?';
    case 0x95:
      return 'a packet was too large for it (0x95)';
    case 0x98:
      return 'an administrator of the broker ended it (0x98)';
    default:
      return `reason code ${hex(code)}; the log of the broker may say more`;
  }
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}

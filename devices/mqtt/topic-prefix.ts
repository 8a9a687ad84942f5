/**
 * Companies that share a broker have their topics below a level of their own: all that a company's devices
 * and its bridge say and hear begins with it. Put in front where a topic goes to the broker, and taken away
 * where it comes from there, so that nothing else has to know of it.
 *
 * @param prefix one level of a topic; undefined: the company has the broker for itself
 */
export function topicPrefix(prefix: string | undefined) {
  const beginning = prefix === undefined ? "" : `${prefix}/`;
  return {
    /** Of a topic or a topic filter. */
    put: (topic: string): string => beginning + topic,
    /** Of a topic that a filter with the prefix has taken. */
    take: (topic: string): string => (topic.startsWith(beginning) ? topic.slice(beginning.length) : topic),
  };
}

/** What the bridge calls itself at the broker, and the first part of its sessions' names. */
export function bridgeName(prefix: string | undefined): string {
  return prefix === undefined ? BRIDGE_NAME : `${BRIDGE_NAME}@${prefix}`;
}

export const BRIDGE_NAME = "holdfast-bridge";

/**
 * Whether a text is one e-mail address to which mail can be sent: what the mail standards and every mail server
 * agree on. Quoted local parts and bare IP addresses are legal and never a shopper's.
 */

/** RFC 5321, section 4.5.3.1: an address with its angle brackets is 256 characters at most. */
const MOST_CHARACTERS = 254;
const MOST_LOCAL_CHARACTERS = 64;
/** RFC 5322's dot-atom; letters beyond ASCII as RFC 6531 allows them. */
const LOCAL = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/** Two labels at least: no mail goes to a host without a domain. */
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  return (
    at > 0 &&
    text.length <= MOST_CHARACTERS &&
    local.length <= MOST_LOCAL_CHARACTERS &&
    LOCAL.test(local) &&
    DOMAIN.test(text.slice(at + 1))
  );
}

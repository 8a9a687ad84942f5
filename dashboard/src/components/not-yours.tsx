/** In the place of an action that the role of who is signed in does not have. */
export function NotYours({ action }: { readonly action: string }) {
  return <p class="muted small">Your role sees this and does not {action}.</p>;
}

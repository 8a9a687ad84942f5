/** Grey lines in place of what is being loaded, so that nothing moves when it arrives. */
export function SkeletonRows({ rows }: { readonly rows: number }) {
  return (
    <div class="skeleton-rows">
      <span class="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class="skeleton-row">
          <span class="skeleton" />
          <span class="skeleton" />
          <span class="skeleton" />
        </div>
      ))}
    </div>
  );
}

export function SkeletonBlock() {
  return (
    <div class="panel">
      <SkeletonRows rows={4} />
    </div>
  );
}

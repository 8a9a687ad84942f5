import { Icon, type IconName } from "../../components/icon.tsx";

/** A key number; a link where there is a page behind it. */
export function Tile({
  name,
  icon,
  value,
  of,
  href,
  warn,
}: {
  readonly name: string;
  readonly icon: IconName;
  readonly value: number;
  readonly of?: number;
  readonly href?: string;
  readonly warn?: boolean;
}) {
  const content = (
    <>
      <span class="tile-name">
        <Icon name={icon} />
        {name}
      </span>
      <span class="tile-number">
        {value.toLocaleString()}
        {of !== undefined && <span class="muted small"> of {of.toLocaleString()}</span>}
      </span>
    </>
  );
  const look = `tile ${warn ? "warn" : ""}`;
  return href === undefined ? (
    <div class={look}>{content}</div>
  ) : (
    <a class={look} href={href}>
      {content}
    </a>
  );
}

import { companies } from "../../api/companies.ts";
import { Icon } from "../../components/icon.tsx";

/** Leads to other companies' systems, each with accounts of its own; nothing where there is only one. */
export function CompanyLinks() {
  const others = companies.value?.others ?? [];
  return (
    <>
      {others.map(({ name, url }) => (
        <a key={url} class="nav-button" href={`${url}/`}>
          <Icon name="link" />
          <span class="break">Go to {name}</span>
        </a>
      ))}
    </>
  );
}

/**
 * Which build of uWebSockets.js serves. No repack in the registry has binaries for every Node line and every
 * C library, so the first one that loads is taken.
 */

type NativeServer = Pick<
  typeof import("uWebSockets.js"),
  "App" | "SSLApp" | "us_listen_socket_close" | "us_socket_local_port"
>;

type Build = {
  readonly load: () => Promise<NativeServer>;
  /** Where it runs, for people. */
  readonly runsOn: string;
};

const BUILDS: readonly Build[] = [
  { load: () => import("uWebSockets.js"), runsOn: "Node 20 and 22" },
  {
    // Its typings name the overloads of `listen` in another order.
    load: async () => (await import("uWebSockets.js-24")) as unknown as NativeServer,
    runsOn: "Node 24, on Linux with glibc 2.38 or newer",
  },
];

/** No build of the native server loads on this machine. */
export class NativeServerMissing extends Error {
  readonly code = "native_server_missing";

  /** @param tried each build with what it said */
  constructor(tried: readonly string[], cause: unknown) {
    super(
      `uWebSockets.js does not load with Node ${process.versions.node} on ${platform()}: ${tried.join("; ")}`,
      { cause },
    );
    this.name = "NativeServerMissing";
  }
}

/** Throws `NativeServerMissing`. */
export async function loadNativeServer(builds: readonly Build[] = BUILDS): Promise<NativeServer> {
  const tried: string[] = [];
  let last: unknown;
  for (const { load, runsOn } of builds) {
    try {
      return await load();
    } catch (error) {
      last = error;
      tried.push(`the build for ${runsOn} says "${whatItSays(error)}"`);
    }
  }
  throw new NativeServerMissing(tried, last);
}

/** Both begin with a general sentence, and have the loader's own words in the last line that is one. */
function whatItSays(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return (lines.find((line) => line.startsWith("Error: ")) ?? lines[0] ?? "").replace(/^Error: /, "");
}

function platform(): string {
  const { platform: system, arch } = process;
  if (system !== "linux") return `${system} ${arch}`;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const { glibcVersionRuntime: glibc } = header;
  return `${system} ${arch} with ${glibc === undefined ? "another C library than glibc" : `glibc ${glibc}`}`;
}

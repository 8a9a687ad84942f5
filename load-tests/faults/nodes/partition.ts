/**
 * A TCP proxy that can be partitioned: while it is, nothing passes in either direction and nobody is told. New
 * connections are taken and lead nowhere, as behind a switch that has lost its way.
 *
 * When the partition ends, what was sent meanwhile goes on its way, late, as TCP would do it; or the
 * connections are broken, as by a firewall that has forgotten them.
 */
import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";

type Link = { readonly near: Socket; readonly far: Socket };

export class Partition {
  readonly port: number;
  private readonly server: Server;
  private readonly target: number;
  private readonly links = new Set<Link>();
  /** Came during the partition and lead nowhere yet. */
  private readonly waiting = new Set<Socket>();
  private isCut = false;

  private constructor(server: Server, port: number, target: number) {
    this.server = server;
    this.port = port;
    this.target = target;
    server.on("connection", (near) => this.accept(near));
  }

  /** @param target a port of this machine */
  static async before(target: number): Promise<Partition> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return new Partition(server, address.port, target);
  }

  begin(): void {
    this.isCut = true;
    for (const { near, far } of this.links) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
  }

  end(how: "late" | "broken"): void {
    if (!this.isCut) return;
    this.isCut = false;
    for (const link of [...this.links]) {
      if (how === "broken") this.drop(link);
      else this.join(link);
    }
    for (const near of this.waiting) {
      if (how === "broken") near.destroy();
      else this.lead(near);
    }
    this.waiting.clear();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const link of [...this.links]) this.drop(link);
    for (const near of this.waiting) near.destroy();
    await closed;
  }

  private accept(near: Socket): void {
    near.on("error", () => near.destroy());
    if (this.isCut) this.waiting.add(near);
    else this.lead(near);
  }

  private lead(near: Socket): void {
    const far = tcpConnect(this.target, "127.0.0.1");
    const link: Link = { near, far };
    this.links.add(link);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // Across a partition the end of a connection is not heard either.
      const ended = (): void => {
        if (!this.isCut) this.drop(link);
      };
      socket.on("error", ended);
      socket.on("close", ended);
    }
    this.join(link);
  }

  private join({ near, far }: Link): void {
    near.pipe(far, { end: false });
    far.pipe(near, { end: false });
    if (near.destroyed || far.destroyed || near.readableEnded || far.readableEnded) this.drop({ near, far });
  }

  private drop(link: Link): void {
    link.near.destroy();
    link.far.destroy();
    for (const known of this.links) if (known.near === link.near) this.links.delete(known);
  }
}

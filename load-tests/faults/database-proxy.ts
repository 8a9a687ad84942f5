/**
 * A TCP proxy before PostgreSQL that breaks connections as networks do and as PostgreSQL itself never does.
 *
 * Owns its connections. Knows only so much of the protocol that it can see a commit pass: the engine's append
 * statement by its name, and the word `commit` as a statement.
 */
import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";

/** When the connection of a commit is cut. */
export type CommitCut =
  /** Nothing of the commit reaches the server. */
  | "before-server"
  /** The server has answered, and the answer is lost. */
  | "after-server";

type Link = {
  readonly engine: Socket;
  readonly server: Socket;
  frozen: boolean;
  /** The commit has reached the server; its answer must not come through. */
  cutting: boolean;
};

/**
 * The message of the extended protocol that carries the rows, and the simple query that ends a longer
 * transaction.
 */
const COMMIT_MARKS = [Buffer.from("journal-append"), Buffer.from("commit\0")];

export class DatabaseProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly target: number;
  private readonly links = new Set<Link>();
  private armedCut: CommitCut | null = null;
  private onCut: (() => void) | null = null;
  private answerDelayMs = 0;

  private constructor(server: Server, port: number, target: number) {
    this.server = server;
    this.port = port;
    this.target = target;
    server.on("connection", (socket) => this.accept(socket));
  }

  /** @param target the port of PostgreSQL on this machine */
  static async start(target: number): Promise<DatabaseProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return new DatabaseProxy(server, address.port, target);
  }

  get connections(): number {
    return this.links.size;
  }

  /**
   * Every open connection becomes silent for good, without a FIN, as with a dead switch. New ones work.
   */
  freeze(): void {
    for (const link of this.links) {
      link.frozen = true;
      link.engine.pause();
      link.server.pause();
    }
  }

  /** Cuts the connection of the next commit that goes by. Resolves once it is cut. */
  cutNextCommit(cut: CommitCut): Promise<void> {
    this.armedCut = cut;
    return new Promise((resolve) => {
      this.onCut = resolve;
    });
  }

  /** Delays every answer of the server by this long; 0: not at all. */
  delayAnswers(ms: number): void {
    this.answerDelayMs = ms;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const link of this.links) this.destroy(link);
    await closed;
  }

  private accept(engine: Socket): void {
    const server = tcpConnect(this.target, "127.0.0.1");
    const link: Link = { engine, server, frozen: false, cutting: false };
    this.links.add(link);
    engine.setNoDelay(true);
    server.setNoDelay(true);
    engine.on("data", (bytes) => this.fromEngine(link, bytes));
    server.on("data", (bytes) => this.fromServer(link, bytes));
    for (const socket of [engine, server]) {
      socket.on("error", () => this.destroy(link));
      socket.on("close", () => this.destroy(link));
    }
  }

  private fromEngine(link: Link, bytes: Buffer): void {
    if (link.frozen) return;
    if (this.armedCut !== null && COMMIT_MARKS.some((mark) => bytes.includes(mark))) {
      const cut = this.armedCut;
      this.armedCut = null;
      if (cut === "before-server") {
        this.cut(link);
        return;
      }
      link.cutting = true;
    }
    link.server.write(bytes);
  }

  private fromServer(link: Link, bytes: Buffer): void {
    if (link.frozen) return;
    // Locks and parse answers of a longer append may come first. Only the answer that ends a statement shows
    // that it is done.
    if (link.cutting) {
      if (bytes.includes("INSERT 0") || bytes.includes("COMMIT")) this.cut(link);
      return;
    }
    if (this.answerDelayMs > 0) setTimeout(() => link.engine.write(bytes), this.answerDelayMs);
    else link.engine.write(bytes);
  }

  private cut(link: Link): void {
    this.destroy(link);
    this.onCut?.();
    this.onCut = null;
  }

  /** A frozen connection stays open towards the engine even when the server ends its side. */
  private destroy(link: Link): void {
    if (link.frozen && !link.engine.destroyed && this.server.listening) {
      link.server.destroy();
      return;
    }
    link.engine.destroy();
    link.server.destroy();
    this.links.delete(link);
  }
}

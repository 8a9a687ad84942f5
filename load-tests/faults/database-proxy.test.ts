import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DatabaseProxy } from "./database-proxy.ts";

let upstream: Server;
let received: Buffer[];
let proxy: DatabaseProxy;

beforeEach(async () => {
  received = [];
  upstream = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received.push(bytes);
      socket.write(bytes.includes("commit\0") ? "COMMIT" : "answer");
    });
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  proxy = await DatabaseProxy.start((upstream.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.stop();
  upstream.close();
});

async function connected(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

it("passes everything through, both ways", async () => {
  const socket = await connected();
  expect(await answerTo(socket, "select 1")).toBe("answer");
  expect(await answerTo(socket, "commit\0")).toBe("COMMIT");
});

it("cuts a commit before the server has it, or after it is done and before anybody hears of it", async () => {
  const first = await connected();
  const before = proxy.cutNextCommit("before-server");
  expect(await answerTo(first, "select 1")).toBe("answer");
  first.write("commit\0");
  await Promise.all([before, once(first, "close")]);
  expect(received.some((bytes) => bytes.includes("commit"))).toBe(false);

  const second = await connected();
  const heard: Buffer[] = [];
  second.on("data", (bytes) => heard.push(bytes));
  const after = proxy.cutNextCommit("after-server");
  second.write("commit\0");
  await Promise.all([after, once(second, "close")]);
  expect(received.some((bytes) => bytes.includes("commit"))).toBe(true);
  expect(heard).toEqual([]);
});

it("freezes the connections that are open, lets new ones work, and can be stopped with both", async () => {
  const frozen = await connected();
  expect(await answerTo(frozen, "select 1")).toBe("answer");
  let heard = false;
  frozen.on("data", () => {
    heard = true;
  });
  frozen.on("close", () => {
    heard = true;
  });
  proxy.freeze();
  frozen.write("select 2");
  expect(await answerTo(await connected(), "select 3")).toBe("answer");
  expect(heard).toBe(false);
  expect(received.map(String)).not.toContain("select 2");
});

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BillIndex } from './bill/bill-index.ts';
import { CONTROL_PREFIX, control } from './control.ts';
import { type Caller, Credentials } from './credentials.ts';
import { AwsError } from './errors.ts';
import { type FaultRule, FaultRules, faultError } from './faults.ts';
import type { JsonObject } from './input.ts';
import { PageTokens, withoutToken } from './page-tokens.ts';
import { jsonProtocol } from './protocols/json.ts';
import { send, sendWith } from './send.ts';
import type { Operation, Service, WireRequest } from './service.ts';
import { SERVICES } from './services.ts';
import { type Settings, settingsWith } from './settings.ts';
import type { RequestRecord, Simulator, SimulatorOptions } from './types.ts';

const PAGE_SIZE = 5000;
/** Longer than any client keeps an idle connection: it is never the simulator that ends one in use. */
const KEEP_ALIVE_MS = 65_000;
/** Bills come in by control; AWS requests are a few kilobytes. */
const LARGEST_BODY = 1 << 29;

/** Stands in for the service of a request that is for none. */
const NO_SERVICE: Service = { name: '', protocol: jsonProtocol('1.1'), namespace: '', operations: [] };

type MutableRecord = { -readonly [Field in keyof RequestRecord]: RequestRecord[Field] };

function checkPageSize(groups: number): number {
  if (!Number.isInteger(groups) || groups < 1) throw new RangeError(`page size ${groups}: must be 1 or more`);
  return groups;
}

async function readRequest(message: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new AwsError('RequestEntityTooLargeException', 'Request too large', 413);
    chunks.push(chunk);
  }
  const [path = '/', query = ''] = (message.url ?? '/').split('?', 2);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  );
  return { method: message.method ?? '', path, query, headers, body: Buffer.concat(chunks) };
}

/** What the operation sees of a request. */
function inputFor(fault: FaultRule | undefined, input: JsonObject): JsonObject {
  return fault?.kind === 'mutate' && fault.ignoreToken ? withoutToken(input) : input;
}

/** Furthest that a signature may be from AWS's clock. */
const SKEW_MS = 5 * 60_000;

/** Says the time of a clock that differs from the system's. @throws AwsError where the request was signed by another one. */
function keepOtherTime({ ms }: { ms: number }, { headers }: WireRequest, response: ServerResponse): void {
  const now = Date.now() + ms;
  response.setHeader('date', new Date(now).toUTCString());
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '')?.map(Number) ?? [];
  const [year = 0, month = 0, day, hour, minute, second] = parts;
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Math.abs(signed - now) <= SKEW_MS) return;
  const why = signed < now ? 'Signature expired' : 'Signature not yet current';
  throw new AwsError('InvalidSignatureException', `${why}: ${headers['x-amz-date']}`);
}

/**
 * Starts a simulator and resolves when it listens. Rejects with EADDRINUSE where the port is taken, with RangeError where
 * the bill is in two currencies or the page size is below 1.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { host = '127.0.0.1', now: ownClock = () => new Date() } = options;
  const requests: MutableRecord[] = [];
  const faults = new FaultRules();
  const tokens = new PageTokens();
  const credentials = new Credentials(options.accounts);
  const closing = new AbortController();
  let clock = ownClock;
  let pageSize = checkPageSize(options.pageSize ?? PAGE_SIZE);
  let bill = new BillIndex(options.bill);
  let billBefore = bill;
  let settings: Settings = settingsWith(options.settings);

  function billOf(version: number | undefined): BillIndex {
    if (version === undefined || version === bill.version) return bill;
    if (version === billBefore.version) return billBefore;
    throw new AwsError('InvalidNextTokenException', 'The next page token is too old');
  }

  /** Finds what a request is for; the record tells the service also where the operation is not known. */
  function dispatch(request: WireRequest, record: MutableRecord): Service {
    for (const service of SERVICES) {
      const operation = service.protocol.operationOf(request, service);
      if (operation === undefined) continue;
      record.service = service.name;
      record.operation = operation;
      return service;
    }
    return NO_SERVICE;
  }

  function operationOf(service: Service, record: MutableRecord): Operation {
    const operation = service.operations.find(({ name }) => name === record.operation);
    if (operation === undefined) {
      const name = record.operation ?? 'none';
      throw new AwsError('UnknownOperationException', `Unknown operation: ${name}`, 400);
    }
    return operation;
  }

  async function answerAws(
    request: WireRequest,
    record: MutableRecord,
    response: ServerResponse,
  ): Promise<void> {
    const service = dispatch(request, record);
    const requestId = randomUUID();
    const refuse = (refusal: AwsError) => {
      const [type, status] = service.errors?.[refusal.type] ?? [refusal.type, refusal.status];
      const error = new AwsError(type, refusal.message, status);
      const answer = service.protocol.writeError(error, service, requestId);
      record.status = answer.status;
      record.error = error.type;
      send(response, answer);
    };
    try {
      const operation = operationOf(service, record);
      const caller: Caller = credentials.authenticate(request, service, bill);
      record.account = caller.accountId;
      record.region = caller.region;
      const input = service.protocol.read(request);
      record.body = input;
      record.page = tokens.pageOf(input);

      const { name } = operation;
      const fault = faults.take({ operation: name, account: caller.accountId, page: record.page });
      record.fault = fault?.kind;
      if (fault !== undefined) {
        const error = faultError(fault, {
          service: service.iamPrefix ?? service.name,
          operation: name,
          callerArn: caller.arn,
        });
        if (fault.kind === 'skew') keepOtherTime(fault, request, response);
        if (error !== undefined) throw error;
        if (fault.kind === 'hang') return;
        if (fault.kind === 'delay') await sleep(fault.ms, undefined, { signal: closing.signal });
      }
      const context = {
        caller,
        now: clock(),
        bill,
        billOf,
        pageSize,
        tokens,
        credentials,
        settings,
      };
      const output = operation.handle(inputFor(fault, input), context);
      const body = fault?.kind === 'mutate' ? fault.mutate(structuredClone(output)) : output;
      const answer = service.protocol.write(body, name, service, requestId);
      record.status = answer.status;
      await sendWith(fault, response, answer, closing.signal);
    } catch (error) {
      if (closing.signal.aborted) return;
      if (error instanceof AwsError) return refuse(error);
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      refuse(new AwsError('InternalServerException', `The simulator has failed: ${message}`, 500));
    }
  }

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const time = new Date().toISOString();
    const request = await readRequest(message);
    if (request.path.startsWith(CONTROL_PREFIX)) return send(response, control(simulator, request));
    const record: MutableRecord = {
      time,
      method: request.method,
      path: request.path,
      service: undefined,
      operation: undefined,
      account: undefined,
      page: 1,
      body: request.body.toString('utf8'),
      userAgent: request.headers['user-agent'] ?? '',
      region: undefined,
      status: undefined,
      error: undefined,
      fault: undefined,
    };
    requests.push(record);
    await answerAws(request, record, response);
  }

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    // A client that goes away in the middle of its request is no one's error.
    answer(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const simulator: Simulator = {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    faults,
    setBill(rows) {
      const next = new BillIndex(rows, bill);
      billBefore = bill;
      bill = next;
    },
    setPageSize(groups) {
      pageSize = checkPageSize(groups);
    },
    setClock(now) {
      clock = now ?? ownClock;
    },
    setSettings(changes) {
      settings = settingsWith(changes, settings);
    },
    expireCredentials: () => credentials.expireAll(),
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return simulator;
}

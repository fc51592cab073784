import { dirname, resolve } from 'node:path';
import { type Fault, readYaml, shownKey } from '../config/faults.ts';
import { codeOf, FileReader, type Read } from './small-file.ts';
import { type TlsMaterial, tlsFaults, tlsOf } from './tls-material.ts';
import { BCRYPT, type TlsServer, WebFile } from './web-file.ts';

/** A `WEB_CONFIG_FILE` as it is in force: nothing but plain data, the files that it names read. */
export interface WebConfig {
  readonly tls?: TlsMaterial | undefined;
  /** User names and their bcrypt hashes; none: nobody is asked for a password. */
  readonly users: Readonly<Record<string, string>>;
  /** Headers of every answer; an empty one is left out. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Highest cost of a bcrypt hash: above it one check takes longer than a scrape may. */
const MAX_COST = 14;

/** Reads a web configuration with the files that it names, relative to its own folder; all faults at once. */
export function readWebConfig(path: string): Read<WebConfig> {
  const reader = new FileReader();
  const { file, faults } = readYaml('WEB_CONFIG_FILE', path, WebFile, reader.read);
  if (file === undefined) return { ...reader.done(), faults };
  const all: Fault[] = [...userFaults(file.basic_auth_users ?? {})];
  let tls: TlsMaterial | undefined;
  if (file.tls_server_config !== undefined) {
    const { server, unreadable } = withFiles(file.tls_server_config, dirname(path), reader);
    all.push(...unreadable, ...(unreadable.length > 0 ? [] : tlsFaults(server)));
    if (all.length === 0) tls = tlsOf(server);
  }
  if (all.length > 0) return { ...reader.done(), faults: all };
  const { headers = {} } = file.http_server_config ?? {};
  return { ...reader.done(), faults: [], value: { tls, users: { ...file.basic_auth_users }, headers } };
}

const FILES = ['cert', 'key', 'client_ca'] as const;

/** The section with the content of its files in place of their paths. */
function withFiles(section: TlsServer, folder: string, { read }: FileReader) {
  const server: TlsServer = { ...section };
  const unreadable: Fault[] = [];
  for (const name of FILES) {
    const path = section[`${name}_file`];
    if (path === undefined) continue;
    const where = `WEB_CONFIG_FILE tls_server_config.${name}_file`;
    if (section[name] !== undefined) {
      unreadable.push({
        where,
        value: path,
        reason: `and ${name} are both given: give one`,
        example: `${name}_file: server.pem`,
      });
      continue;
    }
    try {
      server[name] = read(resolve(folder, path));
    } catch (error) {
      unreadable.push({
        where,
        value: path,
        reason: `cannot be read: ${codeOf(error)} (paths are relative to the file)`,
        example: `/etc/aws-cost-exporter/tls/${name}.pem`,
      });
    }
  }
  return { server, unreadable };
}

function* userFaults(users: Readonly<Record<string, string>>): Generator<Fault> {
  for (const [name, hash] of Object.entries(users)) {
    const where = `WEB_CONFIG_FILE basic_auth_users.${shownKey(name)}`;
    if (name === '' || name.includes(':') || /\p{Cc}/u.test(name)) {
      yield {
        where: 'WEB_CONFIG_FILE basic_auth_users',
        reason:
          'has a user name that no browser can send: it is empty, or has a colon or a control character',
        example: 'prometheus',
      };
    }
    const cost = Number(BCRYPT.exec(hash)?.[1]);
    if (cost < 4 || cost > MAX_COST) {
      yield {
        where,
        reason: `has a bcrypt cost of ${cost}: from 4 to ${MAX_COST} is accepted, above it one check takes many seconds`,
        example: 'htpasswd -nBC 10 prometheus',
      };
    }
  }
}

import { existsSync } from 'node:fs';
import { aptInstall, isDebian } from '../servers/apt.ts';
import { findProgram } from '../servers/process.ts';

/** The programs that a node is made of, beside those of `tools/`, and how Debian and Ubuntu name their packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  etcd: 'etcd-server',
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  dnsmasq: 'dnsmasq-base',
  iptables: 'iptables',
  ipset: 'ipset',
  conntrack: 'conntrack',
  ip: 'iproute2',
  openssl: 'openssl',
  unzip: 'unzip',
  // For the stand-in of the chart's Redis image.
  'redis-server': 'redis-server',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
};

/**
 * Makes sure that a node's programs are there; as root on Debian and Ubuntu it installs what is missing.
 * @returns what it has installed, in words. @throws Error that says in one line what this machine lacks.
 */
export function ensurePackages(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.getuid?.() !== 0) {
    throw new Error('the cluster runs on x86-64 Linux, as root');
  }
  const missing = () =>
    Object.keys(PACKAGES).filter((one) =>
      one.startsWith('/') ? !existsSync(one) : findProgram(one) === undefined,
    );
  const packages = () => [...new Set(missing().map((one) => PACKAGES[one]))] as string[];
  const wanted = packages();
  if (wanted.length > 0 && isDebian()) aptInstall(wanted);
  if (missing().length > 0) {
    throw new Error(`${missing().join(', ')} absent: apt-get install ${packages().join(' ')}`);
  }
  return wanted.length === 0 ? 'all there' : `installed: ${wanted.join(', ')}`;
}

import { aptInstall, isDebian } from '../servers/apt.ts';
import { findProgram } from '../servers/process.ts';

/** The programs that build and run images, and how Debian and Ubuntu name their packages. */
const PACKAGES = { buildah: 'buildah', mmdebstrap: 'mmdebstrap', runc: 'runc' } as const;

/** A program that building or running an image needs. */
export type Tool = keyof typeof PACKAGES;

/**
 * Makes sure that these programs are there; as root on Debian and Ubuntu it installs what is missing.
 * @throws Error that says in one line what is absent.
 */
export function ensureTools(tools: readonly Tool[]): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('Images are built and run by root on Linux only: elsewhere use `docker build .`');
  const missing = () => tools.filter((tool) => findProgram(tool) === undefined);
  if (missing().length > 0 && isDebian()) aptInstall(missing().map((tool) => PACKAGES[tool]));
  const absent = missing();
  if (absent.length > 0)
    throw new Error(
      `${absent.join(', ')} absent: apt-get install ${absent.map((one) => PACKAGES[one]).join(' ')}`,
    );
}

/** What networks said about an image after every kept epoch: bars show one of these at a time, like a film. */

/** @import { RoleStyle } from "../shared/download.js" */

/**
 * Logits after every kept epoch (counted from 1), and those that are reported.
 * @typedef {{ epochs: number[], logits: number[][], result: number[] }} Film
 */

/** @typedef {{ role: string, name: string, style: RoleStyle, logits: number[], film?: Film | null }} Arm */

/**
 * @param {Arm[]} arms
 * @param {number | null} epoch from 1; null for the reported one
 * @returns {Arm[] | null} with what they said then, or after the nearest kept epoch before; null without any film
 */
export function armsAfter(arms, epoch) {
  if (!arms.some(({ film }) => film)) return null;
  return arms.map((arm) => {
    if (!arm.film) return arm;
    const { epochs, logits, result } = arm.film;
    const place =
      epoch === null
        ? -1
        : Math.max(
            0,
            epochs.findLastIndex((kept) => kept <= epoch),
          );
    return { ...arm, logits: logits[place] ?? result };
  });
}

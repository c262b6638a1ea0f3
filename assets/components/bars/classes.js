/** Which classes have bars, and how much of a long name stands beside them. */

// With more classes than this only the most probable ones are drawn, until somebody asks for all.
const MOST_DRAWN = 20;
const LETTER = 7.5;
// Chinese, Japanese and Korean letters are square.
const WIDE_LETTER = 13;

/** @param {string} letter */
const isWide = (letter) =>
  /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/.test(letter);

/** @param {string} letter */
const letterWidth = (letter) => (isWide(letter) ? WIDE_LETTER : LETTER);

/**
 * About how many pixels wide a name is.
 * @param {string} name
 */
export function nameWidth(name) {
  return [...name].reduce((width, letter) => width + letterWidth(letter), 0);
}

/**
 * A name, or as much of its beginning as has room, with an ellipsis.
 * @param {string} name
 * @param {number} room in pixels
 */
export function shortened(name, room) {
  if (nameWidth(name) <= room) return name;
  let width = LETTER;
  let kept = "";
  for (const letter of name) {
    width += letterWidth(letter);
    if (width > room) break;
    kept += letter;
  }
  return kept + "…";
}

/**
 * The classes with bars in their own order: all of few; of many the labelled one, what each network chooses, and what
 * the leading network finds most probable. Softening keeps the order of probabilities, so a drag changes nothing.
 * @param {number[][]} logits by network
 * @param {number} leading the network whose order counts
 * @param {number | null} hardLabel
 * @param {number} count of classes
 */
export function drawnClasses(logits, leading, hardLabel, count) {
  const every = Array.from({ length: count }, (_, i) => i);
  if (count <= MOST_DRAWN || !logits.length) return every;
  const chosen = logits.map((of) => of.indexOf(Math.max(...of)));
  const byProbability = [...every].sort((i, j) => logits[leading][j] - logits[leading][i]);
  const wanted = new Set([...(hardLabel === null ? [] : [hardLabel]), ...chosen, ...byProbability]);
  return [...wanted].slice(0, MOST_DRAWN).sort((i, j) => i - j);
}

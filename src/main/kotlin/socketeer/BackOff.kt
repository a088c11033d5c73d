package socketeer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Short at first, since a few connections may end soon; never so long that who waits has given up when it is over. */
internal class BackOff {
    private var pause = FIRST_PAUSE
    private var waited = Duration.ZERO

    /** Whether so much time has gone already that a few connections more or less won't change it. */
    val isLong: Boolean get() = waited >= LONG

    fun next(): Duration = pause.also {
        waited += it
        pause = (it * 2).coerceAtMost(LONGEST_PAUSE)
    }

    fun reset() {
        pause = FIRST_PAUSE
        waited = Duration.ZERO
    }
}

private val FIRST_PAUSE = 10.milliseconds
private val LONGEST_PAUSE = 1.seconds
private val LONG = 2.seconds

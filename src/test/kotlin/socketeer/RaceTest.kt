package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import socketeer.loop.interleaved
import socketeer.loop.race
import java.net.InetAddress

/** Connecting to one of several addresses as RFC 8305 says, in virtual time. */
@OptIn(ExperimentalCoroutinesApi::class)
class RaceTest :
    FunSpec({
        test("the families take turns, the resolver's first one first") {
            val addresses = listOf("::1", "::2", "::3", "10.0.0.1").map(InetAddress::getByName)
            addresses.interleaved().map { it.hostAddress.replace("0:0:0:0:0:0:0:", "::") } shouldBe
                listOf("::1", "10.0.0.1", "::2", "::3")
        }

        test("the next attempt starts 250 ms after one that doesn't answer, and the first answer wins") {
            runTest {
                val begun = ArrayList<Pair<Int, Long>>()
                val (winner, _) = memoryPair()
                race(listOf(1, 2, 3)) { target ->
                    begun += target to currentTime
                    if (target < 3) awaitCancellation()
                    winner
                } shouldBe winner
                begun shouldBe listOf(1 to 0L, 2 to 250L, 3 to 500L)
                winner.isOpen shouldBe true
            }
        }

        test("after a failure the next one starts at once") {
            runTest {
                val (winner, _) = memoryPair()
                race(listOf(1, 2)) { if (it == 1) throw RefusedException("1") else winner } shouldBe winner
                currentTime shouldBe 0
            }
        }

        test("one that answers second is closed") {
            runTest {
                val (first, _) = memoryPair()
                val (second, _) = memoryPair()
                race(listOf(1, 2)) {
                    // Both answer in the same moment: the first attempt at 300 ms, the second 50 ms after its start.
                    delay(if (it == 1) 300 else 50)
                    if (it == 1) first else second
                }
                listOf(first, second).count { it.isOpen } shouldBe 1
            }
        }

        test("if all fail, it is the first failure, with the others in it") {
            runTest {
                val failure = shouldThrow<RefusedException> { race(listOf(1, 2, 3)) { throw RefusedException("$it") } }
                failure.message shouldBe "1"
                failure.suppressed.map { it.message } shouldBe listOf("2", "3")
            }
        }

        test("cancelling ends every attempt") { runTest { cancelled() } }
    })

private suspend fun TestScope.cancelled() {
    var waiting = 0
    val racing =
        launch(start = CoroutineStart.UNDISPATCHED) {
            race(listOf(1, 2)) {
                waiting++
                try {
                    awaitCancellation()
                } finally {
                    waiting--
                }
            }
        }
    delay(300)
    waiting shouldBe 2
    racing.cancelAndJoin()
    waiting shouldBe 0
}

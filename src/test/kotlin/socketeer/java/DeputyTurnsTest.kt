package socketeer.java

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import socketeer.loop.Deputy

/** Where there are virtual threads. */
class DeputyTurnsTest : FunSpec({
    test("a deputy takes turns as long as they are of use, and then the loop is back").config(enabled = modern) {
        var left = 100
        val threads = HashSet<Thread>()
        Deputy { threads.add(Thread.currentThread()).let { --left > 0 } }.use { deputy ->
            deputy.work() shouldBe false
            left shouldBe 0
            threads shouldBe setOf(deputy.thread)
        }
    }

    test("what a turn throws is thrown where the loop is driven").config(enabled = modern) {
        Deputy { error("a bug") }.use { shouldThrow<IllegalStateException> { it.work() }.message shouldBe "a bug" }
    }

    test("an interrupt brings the loop back from a deputy that has no end of work").config(enabled = modern) {
        val own = Thread.currentThread()
        var turns = 0
        Deputy { true.also { if (turns++ == 0) own.interrupt() } }.use { it.work() shouldBe true }
        Thread.interrupted() shouldBe false
    }

    test("a deputy that finds nothing to do is asked less and less often").config(enabled = modern) {
        var turns = 0
        Deputy { false.also { turns++ } }.use { deputy ->
            repeat(100) { deputy.work() shouldBe false }
            turns shouldBe 6
        }
    }
})

private val modern = Runtime.version().feature() >= 21

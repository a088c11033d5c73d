package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldBeEmpty
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain

/** The launcher: what it builds and when, what it says, and that the JVM is the process it was started as. */
class ScriptTest : FunSpec({
    val home = tempdir(suffix = " with a space")

    // The directory's name makes a script a new one in each run of the tests, whatever the launcher has kept of others.
    fun script(name: String, text: String) = home.resolve(name).apply { writeText("$text\n// ${home.name}\n") }

    test("a script by its path, from elsewhere, with its arguments; the second start builds nothing") {
        script("args.main.kts", "println(args.toList())")
        Launch("args.main.kts", "a b", "", "*", directory = home).use {
            it.end() shouldBe 0
            it.stdout() shouldBe "[a b, , *]\n"
            it.stderr() shouldContain "compiling args.main.kts"
        }
        Launch("./args.main.kts", directory = home).use {
            it.end() shouldBe 0
            it.stdout() shouldBe "[]\n"
            it.stderr().shouldBeEmpty()
        }
    }

    test("a script that changed is compiled again") {
        for (word in listOf("one", "two")) {
            val file = script("change.main.kts", "println(\"$word\")")
            Launch(file.path).use {
                it.end() shouldBe 0
                it.stdout() shouldBe "$word\n"
                it.stderr() shouldContain "compiling"
            }
        }
    }

    test("a script that doesn't compile: the compiler's message with file and line") {
        script("wrong.main.kts", "import socketeer.*\n\nnet { nothing() }\n")
        Launch("wrong.main.kts", directory = home).use {
            it.end() shouldBe 1
            it.stderr() shouldContain "wrong.main.kts:3:7: error: unresolved reference 'nothing'"
            it.stderr() shouldNotContain "\tat "
        }
    }

    test("only the public surface is in sight") {
        val file = script("internal.main.kts", "println(socketeer.MAX_PORT)\n")
        Launch(file.path).use {
            it.end() shouldBe 1
            it.stderr() shouldContain "internal.main.kts:1:19: error"
        }
    }

    test("a fault of the network or of an argument is one line, a bug keeps its stack trace") {
        val file = script(
            "fail.main.kts",
            """
            when (args[0]) {
                "network" -> throw socketeer.RefusedException("connect to 127.0.0.1:1: Connection refused")
                "argument" -> require(args.size > 1) { "a second argument is needed" }
                "exit" -> kotlin.system.exitProcess(42)
                else -> error("a bug")
            }
            """.trimIndent(),
        )
        Launch(file.path, "network").use {
            it.end() shouldBe 1
            it.stderr() shouldContain "fail: connect to 127.0.0.1:1: Connection refused\n"
            it.stderr() shouldNotContain "\tat "
        }
        Launch(file.path, "argument").use {
            it.end() shouldBe 1
            it.stderr() shouldBe "fail: a second argument is needed\n"
        }
        Launch(file.path, "exit").use { it.end() shouldBe 42 }
        Launch(file.path, "bug").use {
            it.end() shouldBe 1
            it.stderr() shouldContain "fail.main.kts:5)"
        }
    }

    test("a Java file is run the same way") {
        val file = script(
            "Hello.java",
            """
            class Hello {
                public static void main(String[] args) throws Exception {
                    System.out.println(String.join(" ", args));
                    throw new socketeer.ClosedException("gone");
                }
            }
            """.trimIndent(),
        )
        Launch(file.path, "from", "Java").use {
            it.end() shouldBe 1
            it.stdout() shouldBe "from Java\n"
            it.stderr() shouldContain "Hello: gone\n"
        }
    }

    test("an unknown sample: one line that names those there are") {
        Launch("nothing-like-it").use {
            it.end() shouldBe 1
            it.stderr().trimEnd().lines().single() shouldContain Regex("no sample nothing-like-it.* echo echo-client ")
        }
        Launch("./nothing.main.kts").use {
            it.end() shouldBe 1
            it.stderr() shouldBe "samples/run: there is no file ./nothing.main.kts\n"
        }
        Launch().use { it.end() shouldBe 2 }
    }
})

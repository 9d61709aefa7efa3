#pragma once

#include "actors/directory.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message_id.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace actors {

/// The configuration of every actor system of ours: it knows where its actors are listed.
struct system_config : caf::actor_system_config {
  std::shared_ptr<actor_directory> directory = std::make_shared<actor_directory>();
};

/// Whoever spawns an actor while it handles a message is that actor's parent.
inline thread_local std::uint64_t current_actor = 0;

/// One message while an actor is at it.
class counted_message {
public:
  counted_message(std::shared_ptr<actor_record> record, const std::type_info* type)
    : record_(std::move(record)), outer_(std::exchange(current_actor, record_->id())) {
    record_->message_begins(type, actor_record::clock::now());
  }
  ~counted_message() {
    record_->message_ends(actor_record::clock::now(), was_handled);
    current_actor = outer_;
  }
  counted_message(const counted_message&) = delete;
  counted_message& operator=(const counted_message&) = delete;

  bool was_handled = true;

private:
  std::shared_ptr<actor_record> record_;
  std::uint64_t outer_;
};

/// Asks an actor to end before it handles whatever else waits for it; CAF's own exit messages wait
/// their turn.
inline void stop_soon(const caf::strong_actor_ptr& who) {
  if (who)
    who->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                 caf::make_message(caf::exit_msg{who->address(), caf::exit_reason::user_shutdown}),
                 nullptr);
}

/// Counts what an actor does without touching its code, and lists it in the directory of its
/// system. `Base` is one of CAF's event-based actors.
template <class Base>
class observed : public Base {
public:
  template <class... Ts>
  explicit observed(caf::actor_config& config, Ts&&... xs)
    : Base(config, std::forward<Ts>(xs)...),
      record_(std::make_shared<actor_record>(this->id(), current_actor)) {
    if (const auto* ours = dynamic_cast<const system_config*>(&this->system().config())) {
      directory_ = ours->directory;
      directory_->add(record_, [weak = caf::actor_cast<caf::weak_actor_ptr>(this->ctrl())] {
        stop_soon(caf::actor_cast<caf::strong_actor_ptr>(weak));
      });
    }
    answer_strangers_and_accidents();
  }

  ~observed() override {
    if (directory_)
      directory_->retire(record_->id());
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* unit) override {
    record_->message_arrived();
    Base::enqueue(std::move(what), unit);
  }

  using Base::consume;
  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    const auto& content = std::as_const(what).content();
    const std::type_info* type = &typeid(void);
    if (!content.empty())
      type = content.type(0).second ? content.type(0).second : &typeid(caf::message);
    counted_message counted{record_, type}; // The actor may end inside, by an exception too.
    const auto result = Base::consume(what);
    counted.was_handled = result != caf::invoke_message_result::skipped;
    return result;
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    if (reason && reason != caf::exit_reason::user_shutdown && reason != caf::exit_reason::normal)
      note_error(this->system().render(reason));
    if (directory_)
      directory_->retire(record_->id());
    return Base::cleanup(std::move(reason), unit);
  }

  /// "profile", "profile/2".
  void call_it(std::string kind, std::string name) {
    record_->call_it(std::move(kind), std::move(name));
  }
  /// Kept until the next one and shown by the inspector.
  void note_error(std::string text) {
    record_->note_error(std::move(text));
  }

private:
  /// What an actor has no handler for is answered with an error, and a handler that throws answers
  /// with the exception's text before the actor ends; CAF would lose both.
  void answer_strangers_and_accidents() {
    this->set_default_handler([](caf::scheduled_actor* self,
                                 caf::message_view& view) -> caf::result<caf::message> {
      const auto message = view.move_content_to_message();
      static_cast<observed*>(self)->note_error(message.empty()
                                                 ? "a message that cannot be read"
                                                 : "unexpected message " + caf::to_string(message));
      return message.empty() ? caf::sec::invalid_argument : caf::sec::unexpected_message;
    });
    this->set_exception_handler(
      [](caf::scheduled_actor* self, std::exception_ptr& accident) -> caf::error {
        std::string text = "an unknown exception";
        try {
          std::rethrow_exception(accident);
        } catch (const std::exception& e) {
          text = e.what();
        } catch (...) {
        }
        static_cast<observed*>(self)->note_error(text);
        spdlog::error("{}: ended by an exception: {}", self->name(), text);
        return caf::make_error(caf::sec::runtime_error, text);
      });
    // A late answer of somebody who is gone is no reason to end.
    this->set_error_handler([](caf::scheduled_actor* self, caf::error& e) {
      static_cast<observed*>(self)->note_error(self->system().render(e));
    });
  }

  std::shared_ptr<actor_record> record_;
  std::shared_ptr<actor_directory> directory_;
};

/// The self pointer of an observed actor with interface `Handle` and state `State`.
template <class Handle, class State>
using observed_pointer = caf::stateful_actor<State, observed<typename Handle::base>>*;

} // namespace actors
